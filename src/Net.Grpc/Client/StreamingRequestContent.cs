using System.Net;
using System.Net.Http;

namespace Net.Grpc;

/// <summary>A request body that the call writes message by message while the response already comes.</summary>
/// <remarks>
/// The handler ends the stream, and may give its memory to another request, as soon as the body is over. So whoever writes takes the stream for that time: the body does not end under a
/// writer, and an ended one cannot be taken.
/// </remarks>
internal sealed class StreamingRequestContent : HttpContent
{
    private readonly Lock _gate = new();
    private readonly Continuations _continuations;
    private readonly TaskCompletionSource<Stream> _opened;
    private readonly TaskCompletionSource _completed;
    private TaskCompletionSource? _returned;
    private bool _isTaken;
    private bool _isClosed;

    internal StreamingRequestContent(Continuations continuations)
    {
        _continuations = continuations;
        _opened = new TaskCompletionSource<Stream>(continuations.WaiterOptions);
        _completed = new TaskCompletionSource(continuations.WaiterOptions);
        Headers.TryAddWithoutValidation("Content-Type", ClientExchange.ContentType);
    }

    /// <summary>The body's stream, once the handler has sent the headers.</summary>
    internal Task<Stream> Opened => _opened.Task;

    /// <summary>Takes the stream for one write, until <see cref="Return"/>.</summary>
    /// <returns><c>false</c>: the body has ended.</returns>
    internal bool TryTake()
    {
        lock (_gate)
        {
            _isTaken = !_isClosed;
            return _isTaken;
        }
    }

    /// <summary>Gives the stream back.</summary>
    internal void Return()
    {
        TaskCompletionSource? returned;
        lock (_gate)
        {
            _isTaken = false;
            returned = _returned;
        }

        if (returned is not null)
        {
            _continuations.Complete(returned);
        }
    }

    /// <summary>Ends the body, as soon as nobody has the stream.</summary>
    /// <returns>Whether nobody has it now.</returns>
    internal bool Complete()
    {
        bool isFree = CloseAsync().IsCompleted;
        _continuations.Complete(_completed);
        return isFree;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Some handlers hold the headers back until the body begins, and a server may answer before there is a body.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (!_opened.TrySetResult(stream))
        {
            throw new IOException("The requests of a stream cannot be sent again on another connection.");
        }

        try
        {
            await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // A write that is held back ends by the call's own token, or because the stream has failed.
            await CloseAsync().ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <summary>Lets nobody take the stream any more.</summary>
    /// <returns>Completes when nobody has it.</returns>
    private Task CloseAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
            return _isTaken ? (_returned ??= new(_continuations.WaiterOptions)).Task : Task.CompletedTask;
        }
    }
}
