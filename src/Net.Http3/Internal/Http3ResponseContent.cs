using System.Buffers;
using System.Net;

namespace Net.Http3;

/// <summary>A response's content, read from its stream as it is asked for.</summary>
internal sealed class Http3ResponseContent(Http3Exchange exchange) : HttpContent
{
    private const int BufferSize = 16 << 10;

    private bool _taken;

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(Take());

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => Task.FromResult<Stream>(Take());

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => Take();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using Stream source = Take();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int count;
            while ((count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            exchange.Close();
        }

        base.Dispose(disposing);
    }

    private Http3ResponseStream Take()
    {
        if (_taken)
        {
            throw new InvalidOperationException("The response's content was read already; it can be read once.");
        }

        _taken = true;
        return new Http3ResponseStream(exchange);
    }
}
