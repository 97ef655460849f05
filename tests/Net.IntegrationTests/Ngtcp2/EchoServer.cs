using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Loop;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>A listener that gives every byte of every stream back. Bidirectional streams only; what comes on others is read to the end.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly Ngtcp2Listener _listener;
    private readonly Channel<TransportConnection> _accepted = Channel.CreateUnbounded<TransportConnection>();
    private readonly ConcurrentBag<Task> _work = [];
    private readonly Task _accepting;
    private long _streams;
    private long _earlyStreams;

    private EchoServer(Ngtcp2Listener listener)
    {
        _listener = listener;
        _accepting = Task.Run(AcceptAsync);
    }

    internal IPEndPoint EndPoint => _listener.LocalEndPoint;

    internal Ngtcp2Listener Listener => _listener;

    internal ServerState State => _listener.State;

    internal IReadOnlyList<UdpLoop> Loops => _listener.Loops;

    /// <summary>Streams that reached the application.</summary>
    internal long Streams => Interlocked.Read(ref _streams);

    /// <summary>Streams of which the application saw bytes that came as early data.</summary>
    internal long EarlyStreams => Interlocked.Read(ref _earlyStreams);

    internal static async Task<EchoServer> StartAsync(Ngtcp2Engine engine, ListenOptions options) =>
        new((Ngtcp2Listener)await engine.ListenAsync(options).WithTimeout());

    /// <summary>The server's side of the next connection, in the order in which they were accepted.</summary>
    internal Task<TransportConnection> NextConnectionAsync() => _accepted.Reader.ReadAsync().WithTimeout(awaited: "the server's side of a connection");

    /// <summary>Waits until nothing is left of any connection, closing periods included.</summary>
    internal Task EmptyAsync() => Waiting.Until(async () => await Ngtcp2Test.CountAsync(Loops) == (0, 0), "the server forgets its connections");

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _accepting;
        int seen;
        do
        {
            // Those that take streams add to the list until they end.
            seen = _work.Count;
            await Task.WhenAll(_work);
        }
        while (seen != _work.Count);
    }

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptAsync() is { } connection)
        {
            _accepted.Writer.TryWrite(connection);
            _work.Add(ServeAsync(connection));
        }
    }

    private async Task ServeAsync(TransportConnection connection)
    {
        try
        {
            while (true)
            {
                TransportStream stream = await connection.AcceptStreamAsync();
                Interlocked.Increment(ref _streams);
                _work.Add(EchoAsync(stream));
            }
        }
        catch (TransportException)
        {
            // The connection is over; the test looks at its Closed task.
            await connection.DisposeAsync();
        }
    }

    private async Task EchoAsync(TransportStream stream)
    {
        await using (stream)
        {
            try
            {
                bool wasEarly = false;
                while (true)
                {
                    var read = await stream.Input.ReadAsync();
                    if (stream.IsEarlyData && !wasEarly)
                    {
                        wasEarly = true;
                        Interlocked.Increment(ref _earlyStreams);
                    }

                    if (stream.CanWrite)
                    {
                        foreach (ReadOnlyMemory<byte> part in read.Buffer)
                        {
                            stream.Output.Write(part.Span);
                        }
                    }

                    stream.Input.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted)
                    {
                        break;
                    }

                    if (stream.CanWrite)
                    {
                        await stream.Output.FlushAsync();
                    }
                }

                await stream.Output.CompleteAsync();
                await stream.SendCompletion;
            }
            catch (TransportException)
            {
                // The client reset the stream, or its connection ended: the test sees that on its side.
            }
        }
    }
}
