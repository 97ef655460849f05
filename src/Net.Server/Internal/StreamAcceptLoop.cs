using System.Runtime.CompilerServices;

namespace Net.Server;

/// <summary>Accepts the streams of one connection. The last of those that are there is served on the accepting thread itself, which saves a hop; the others go to the thread pool.</summary>
/// <remarks>
/// Written without async, as the order matters: the next accept is waited for BEFORE the stream at hand is served. So a handler that blocks in its synchronous part
/// holds up neither later streams nor the news that the connection ended.
/// </remarks>
internal sealed class StreamAcceptLoop
{
    private readonly TransportConnection _connection;
    private readonly Action<TransportStream> _serve;
    private readonly Action _advance;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ConfiguredValueTaskAwaitable<TransportStream>.ConfiguredValueTaskAwaiter _accept;

    internal StreamAcceptLoop(TransportConnection connection, Action<TransportStream> serve)
    {
        _connection = connection;
        _serve = serve;
        _advance = Advance;
    }

    /// <summary>Accepts until the connection is over.</summary>
    /// <returns>A task that ends when no further stream will be served; never fails.</returns>
    internal Task RunAsync()
    {
        try
        {
            _accept = Accept();
            _accept.UnsafeOnCompleted(_advance);
        }
        catch (TransportException)
        {
            _ended.TrySetResult();
        }

        return _ended.Task;
    }

#pragma warning disable CA2012 // The awaiter is kept in a field, as await itself would keep it; Advance uses each one once.
    private ConfiguredValueTaskAwaitable<TransportStream>.ConfiguredValueTaskAwaiter Accept() =>
        _connection.AcceptStreamAsync(CancellationToken.None).ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012

    private void Advance()
    {
        while (true)
        {
            TransportStream stream;
            ConfiguredValueTaskAwaitable<TransportStream>.ConfiguredValueTaskAwaiter next;
            try
            {
                stream = _accept.GetResult();
            }
#pragma warning disable CA1031 // However accepting ends, the connection takes no more streams; its own close says why.
            catch (Exception)
#pragma warning restore CA1031
            {
                _ended.TrySetResult();
                return;
            }

            try
            {
                next = Accept();
            }
            catch (TransportException)
            {
                _serve(stream);
                _ended.TrySetResult();
                return;
            }

            _accept = next;
            if (!next.IsCompleted)
            {
                // From here on another thread may be in this method: only locals are touched.
                next.UnsafeOnCompleted(_advance);
                _serve(stream);
                return;
            }

            ThreadPool.UnsafeQueueUserWorkItem(_serve, stream, preferLocal: false);
        }
    }
}
