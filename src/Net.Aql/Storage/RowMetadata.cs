using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>What the owner of a value tells about it, as stored.</summary>
internal readonly record struct RowMetadata(ulong Size, int Compression, uint Checksum, long CreatedAt, uint? Version)
{
    /// <summary>Takes what the owner sent; where nothing was sent, says what can be said of bytes that nobody packed.</summary>
    internal static RowMetadata From(CipherBlob value, DateTimeOffset now) => value.Metadata is { } sent
        ? new RowMetadata(sent.Size, (int)sent.Compression, sent.Checksum, sent.CreatedAt, sent.HasVersion ? sent.Version : null)
        : For(value.Data, now);

    internal static RowMetadata For(ByteString data, DateTimeOffset now) =>
        new((ulong)data.Length, (int)CompressionType.CompressionNone, Crc32.Compute(data.Span), now.ToUnixTimeSeconds(), null);

    internal CipherMetadata ToMessage()
    {
        var message = new CipherMetadata { Size = Size, Compression = (CompressionType)Compression, Checksum = Checksum, CreatedAt = CreatedAt };
        if (Version is uint version)
        {
            message.Version = version;
        }

        return message;
    }
}
