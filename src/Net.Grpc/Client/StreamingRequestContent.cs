using System.Net;
using System.Net.Http;

namespace Net.Grpc;

/// <summary>A request body that the call writes message by message while the response already comes.</summary>
internal sealed class StreamingRequestContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal StreamingRequestContent() => Headers.TryAddWithoutValidation("Content-Type", ClientExchange.ContentType);

    /// <summary>The body's stream, once the handler has sent the headers.</summary>
    internal Task<Stream> Opened => _opened.Task;

    /// <summary>Ends the body.</summary>
    internal void Complete() => _completed.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Some handlers hold the headers back until the body begins, and a server may answer before there is a body.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (!_opened.TrySetResult(stream))
        {
            throw new IOException("The requests of a stream cannot be sent again on another connection.");
        }

        await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
