using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http;
using Google.Protobuf;

namespace Net.Grpc;

/// <summary>A request body of one message. It can be written again, should the handler have to send the request on another connection.</summary>
internal sealed class UnaryRequestContent : HttpContent, IReplayableContent
{
    // Up to here one rented array and one write cost less than a pipe.
    private const int OneArray = 64 * 1024;

    private readonly IMessage _message;
    private readonly GrpcEncoding _encoding;

    internal UnaryRequestContent(IMessage message, GrpcEncoding encoding)
    {
        _message = message;
        _encoding = encoding;
        Headers.TryAddWithoutValidation("Content-Type", ClientExchange.ContentType);
    }

    public bool IsReplayable => true;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_encoding == GrpcEncoding.Identity && stream is IBufferWriter<byte> output)
        {
            // Such a stream lends its own memory, as that of HTTP/3 does: nothing is copied, and what is announced goes out with the end.
            MessageFraming.Write(output, _message, _encoding, maxSize: null);
            return;
        }

        int size = _encoding == GrpcEncoding.Identity ? _message.CalculateSize() : int.MaxValue;
        if (size > OneArray)
        {
            var pipe = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: ClientExchange.BufferSize, leaveOpen: true));
            MessageFraming.Write(pipe, _message, _encoding, maxSize: null);
            await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageFraming.PrefixSize + size);
        try
        {
            buffer[0] = 0;
            BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(1), (uint)size);
            _message.WriteTo(buffer.AsSpan(MessageFraming.PrefixSize, size));
            await stream.WriteAsync(buffer.AsMemory(0, MessageFraming.PrefixSize + size), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // With its length known a request goes out as one: handlers send the headers of others ahead, as the rest may wait for a response, and then each write and the end by themselves.
    protected override bool TryComputeLength(out long length)
    {
        length = _encoding == GrpcEncoding.Identity ? MessageFraming.PrefixSize + (long)_message.CalculateSize() : 0;
        return length > 0;
    }
}
