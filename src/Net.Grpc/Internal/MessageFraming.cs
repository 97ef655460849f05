using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;

namespace Net.Grpc;

/// <summary>One message on the wire: a byte that says whether it is compressed, its length in 4 bytes, big endian, and the message (gRPC over HTTP/2, "Length-Prefixed-Message").</summary>
internal static class MessageFraming
{
    internal const int PrefixSize = 5;

    /// <summary>Writes a message, into the pipe's own memory when it is not compressed.</summary>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the message is larger than the limit. Nothing was written.</exception>
    internal static int Write(IBufferWriter<byte> output, IMessage message, GrpcEncoding encoding, int? maxSize)
    {
        int size = message.CalculateSize();
        if (size > maxSize)
        {
            throw TooLarge("to send", size, maxSize.Value);
        }

        if (encoding != GrpcEncoding.Identity)
        {
            return WriteCompressed(output, message, encoding);
        }

        WritePrefix(output, isCompressed: false, size);
        message.WriteTo(output);
        return PrefixSize + size;
    }

    /// <summary>Reads a prefix.</summary>
    /// <returns><c>false</c>: there are fewer than five bytes.</returns>
    /// <exception cref="GrpcException">INTERNAL: the flag is neither 0 nor 1. RESOURCE_EXHAUSTED: the message is larger than the limit.</exception>
    internal static bool TryReadPrefix(in ReadOnlySequence<byte> buffer, int? maxSize, out bool isCompressed, out int length)
    {
        isCompressed = false;
        length = 0;
        if (buffer.Length < PrefixSize)
        {
            return false;
        }

        Span<byte> prefix = stackalloc byte[PrefixSize];
        buffer.Slice(0, PrefixSize).CopyTo(prefix);
        if (prefix[0] > 1)
        {
            throw new GrpcException(GrpcStatusCode.Internal, string.Create(CultureInfo.InvariantCulture, $"A message begins with the flag {prefix[0]}; only 0 and 1 are known."));
        }

        uint size = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        // Protobuf itself ends at 2 GiB, whatever the limit is.
        uint limit = (uint)(maxSize ?? int.MaxValue);
        if (size > limit)
        {
            throw TooLarge("that came", size, (int)limit);
        }

        isCompressed = prefix[0] == 1;
        length = (int)size;
        return true;
    }

    /// <summary>Parses a message out of the pipe's memory, or out of what it inflates to.</summary>
    /// <exception cref="GrpcException">INTERNAL: it does not parse or inflate. RESOURCE_EXHAUSTED: it inflates beyond the limit; it is stopped there.</exception>
    internal static T Parse<T>(MessageParser<T> parser, in ReadOnlySequence<byte> payload, bool isCompressed, GrpcEncoding encoding, int? maxSize)
        where T : IMessage<T>
    {
        try
        {
            if (!isCompressed)
            {
                return parser.ParseFrom(payload);
            }

            if (encoding == GrpcEncoding.Identity)
            {
                throw new GrpcException(GrpcStatusCode.Internal, "A message is marked as compressed, but no grpc-encoding says how.");
            }

            using var inflated = new PooledSequence();
            Inflate(payload, encoding, inflated, maxSize);
            return parser.ParseFrom(inflated.AsSequence());
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new GrpcException(new GrpcStatus(GrpcStatusCode.Internal, "A message does not parse as the type that the method takes here."), exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            // All of it is in memory: an IOException here is zlib's word for bytes that are no zlib.
            throw new GrpcException(new GrpcStatus(GrpcStatusCode.Internal, $"A message is not in the {GrpcEncodings.NameOf(encoding)} format that grpc-encoding names."), exception);
        }
    }

    internal static GrpcException TooLarge(string which, long size, int limit) => new(
        GrpcStatusCode.ResourceExhausted,
        string.Create(CultureInfo.InvariantCulture, $"The message {which} has {size} bytes; the limit is {limit}. Both ends have options that set it."));

    private static void Inflate(in ReadOnlySequence<byte> payload, GrpcEncoding encoding, PooledSequence target, int? maxSize)
    {
        using var source = new SequenceStream(payload);
        using Stream inflater = GrpcEncodings.Decompressor(encoding, source);
        while (true)
        {
            int read = inflater.Read(target.GetSpan());
            if (read == 0)
            {
                return;
            }

            target.Advance(read);
            // A bomb is stopped as soon as it is over the limit, not when it is all there.
            if (target.Written > (maxSize ?? int.MaxValue))
            {
                throw new GrpcException(
                    GrpcStatusCode.ResourceExhausted,
                    string.Create(CultureInfo.InvariantCulture, $"A compressed message of {payload.Length} bytes inflates beyond the limit of {maxSize ?? int.MaxValue} bytes."));
            }
        }
    }

    private static int WriteCompressed(IBufferWriter<byte> output, IMessage message, GrpcEncoding encoding)
    {
        using var plain = new PooledSequence();
        message.WriteTo((IBufferWriter<byte>)plain);
        using var compressed = new PooledSequence();
        using (Stream compressor = GrpcEncodings.Compressor(encoding, compressed))
        {
            foreach (ReadOnlyMemory<byte> block in plain.AsSequence())
            {
                compressor.Write(block.Span);
            }
        }

        int size = checked((int)compressed.Written);
        WritePrefix(output, isCompressed: true, size);
        foreach (ReadOnlyMemory<byte> block in compressed.AsSequence())
        {
            output.Write(block.Span);
        }

        return PrefixSize + size;
    }

    private static void WritePrefix(IBufferWriter<byte> output, bool isCompressed, int size)
    {
        Span<byte> prefix = output.GetSpan(PrefixSize);
        prefix[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(prefix[1..], (uint)size);
        output.Advance(PrefixSize);
    }
}
