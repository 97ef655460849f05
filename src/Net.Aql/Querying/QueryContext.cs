using System.Text;
using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>What a query may use up and how long it may take.</summary>
internal sealed class QueryContext(AqlLimits limits, QueryDeadline deadline, DateTimeOffset now)
{
    private const int RowsBetweenChecks = 256;
    private long _responseBytes;
    private int _rows;

    internal AqlLimits Limits => limits;

    internal QueryDeadline Deadline => deadline;

    /// <summary>Called for each row looked at: the deadline is asked every so often.</summary>
    internal void CountRow()
    {
        if (++_rows % RowsBetweenChecks == 0)
        {
            deadline.ThrowIfOver();
        }
    }

    /// <summary>Called for each row that goes into an answer.</summary>
    /// <exception cref="AqlException">The answer would be too large for one message.</exception>
    internal void CountAnswer(Row row)
    {
        _responseBytes += CostOf(row);
        if (_responseBytes > limits.MaxResponseBytes)
        {
            throw new AqlException(
                ErrorCode.ValidationSizeExceeded,
                $"The answer would have more than {limits.MaxResponseBytes} bytes. Ask for fewer rows with a limit, or for a stream.");
        }
    }

    /// <summary>About how many bytes a row takes in a message.</summary>
    internal static int CostOf(Row row) => row.Key.Length + row.Data.Length + 64;

    internal static string CheckCollection(string name)
    {
        string? fault = name.Length == 0 ? "is missing"
            : name.Length > AqlLimits.MaxCollectionNameSize || Encoding.UTF8.GetByteCount(name) > AqlLimits.MaxCollectionNameSize ? $"is longer than {AqlLimits.MaxCollectionNameSize} bytes"
            : name.EnumerateRunes().Any(Rune.IsControl) ? "holds a control character"
            : !IsWellFormed(name) ? "is no well-formed text"
            : null;
        return fault is null ? name : throw new AqlException(ErrorCode.ValidationInvalidCollection, $"The name of the collection {fault}; it is 1 to {AqlLimits.MaxCollectionNameSize} bytes of UTF-8 without control characters.");
    }

    internal ByteString CheckKey(Key? key)
    {
        if (key is null)
        {
            throw new AqlException(ErrorCode.ProtocolMissingField, "The query has no key.");
        }

        if (key.Data.IsEmpty)
        {
            throw new AqlException(ErrorCode.ValidationInvalidKey, $"The key is empty; a key is 1 to {limits.MaxKeySize} bytes.");
        }

        return key.Data.Length <= limits.MaxKeySize
            ? key.Data
            : throw new AqlException(
                ErrorCode.ValidationSizeExceeded,
                $"The key has {key.Data.Length} bytes; a key is 1 to {limits.MaxKeySize} bytes, see {nameof(AqlLimits)}.{nameof(AqlLimits.MaxKeySize)}.");
    }

    internal (ByteString Data, RowMetadata Metadata) CheckValue(CipherBlob? value)
    {
        if (value is null)
        {
            throw new AqlException(ErrorCode.ProtocolMissingField, "The query has no value. To store an empty one send a value without bytes.");
        }

        if (value.Data.Length > limits.MaxValueSize)
        {
            throw new AqlException(
                ErrorCode.ValidationSizeExceeded,
                $"The value has {value.Data.Length} bytes; a value is 0 to {limits.MaxValueSize} bytes, see {nameof(AqlLimits)}.{nameof(AqlLimits.MaxValueSize)}.");
        }

        return value.Metadata is null || value.Metadata.Compression is CompressionType.CompressionNone or CompressionType.CompressionLz4 or CompressionType.CompressionZstd
            ? (value.Data, RowMetadata.From(value, now))
            : throw new AqlException(ErrorCode.ValidationInvalidValue, $"The compression {(int)value.Metadata.Compression} is unknown; it is 0 none, 1 LZ4 or 2 Zstandard.");
    }

    // Text with half a surrogate pair cannot come over the wire, yet from a caller in this process.
    private static bool IsWellFormed(string name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsSurrogate(name[i]) && !(i + 1 < name.Length && char.IsSurrogatePair(name[i], name[++i])))
            {
                return false;
            }
        }

        return true;
    }
}
