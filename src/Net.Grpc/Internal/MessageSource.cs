using System.Buffers;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Net.Grpc;

/// <summary>Takes messages out of a pipe, one after the other.</summary>
internal sealed class MessageSource<T>(PipeReader input, MessageParser<T> parser, int? maxSize)
    where T : IMessage<T>
{
    /// <summary>How the messages are compressed that say they are.</summary>
    internal GrpcEncoding Encoding { get; set; }

    /// <summary>Whether the message read last was compressed.</summary>
    internal bool WasCompressed { get; private set; }

    /// <summary>Reads a message.</summary>
    /// <returns>The message, or <c>null</c> at the end of the stream.</returns>
    /// <exception cref="GrpcException">INTERNAL: the stream ends inside a message, or the bytes make no sense. RESOURCE_EXHAUSTED: it is too large.</exception>
    internal async ValueTask<T?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCanceled)
            {
                throw new OperationCanceledException("Reading was cancelled.");
            }

            if (TryTake(result.Buffer, out T? message))
            {
                return message;
            }

            if (result.IsCompleted)
            {
                if (!result.Buffer.IsEmpty)
                {
                    throw new GrpcException(
                        new GrpcStatus(GrpcStatusCode.Internal, "The stream ended inside a message."), new EndOfStreamException("The stream ended before all of a message had come."));
                }

                return default;
            }
        }
    }

    private bool TryTake(in ReadOnlySequence<byte> buffer, out T? message)
    {
        message = default;
        // The limit is held against the prefix alone, before the message is waited for or any memory given to it.
        if (!MessageFraming.TryReadPrefix(buffer, maxSize, out bool isCompressed, out int length) || buffer.Length - MessageFraming.PrefixSize < length)
        {
            input.AdvanceTo(buffer.Start, buffer.End);
            return false;
        }

        ReadOnlySequence<byte> payload = buffer.Slice(MessageFraming.PrefixSize, length);
        message = MessageFraming.Parse(parser, payload, isCompressed, Encoding, maxSize);
        WasCompressed = isCompressed;
        input.AdvanceTo(payload.End);
        return true;
    }
}
