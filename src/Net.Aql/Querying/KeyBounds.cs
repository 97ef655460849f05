using Google.Protobuf;

namespace Net.Aql;

/// <summary>Keys from one to another.</summary>
/// <param name="Start">The first, inclusive; <c>null</c>: from the beginning.</param>
/// <param name="End">The one after the last, exclusive; <c>null</c>: to the end.</param>
internal readonly record struct KeyBounds(ByteString? Start, ByteString? End)
{
    internal static KeyBounds All => default;

    internal static KeyBounds Of(Comparison comparison, ByteString key) => comparison switch
    {
        Comparison.Equal => new KeyBounds(key, After(key)),
        Comparison.Greater => new KeyBounds(After(key), null),
        Comparison.GreaterOrEqual => new KeyBounds(key, null),
        Comparison.Less => new KeyBounds(null, key),
        _ => new KeyBounds(null, After(key)),
    };

    internal KeyBounds Intersect(KeyBounds other) => new(
        Start is null ? other.Start : other.Start is null ? Start : Max(Start, other.Start),
        End is null ? other.End : other.End is null ? End : Min(End, other.End));

    internal KeyBounds Enclose(KeyBounds other) => new(
        Start is null || other.Start is null ? null : Min(Start, other.Start),
        End is null || other.End is null ? null : Max(End, other.End));

    // The least key above another is that key with a zero after it.
    private static ByteString After(ByteString key)
    {
        byte[] next = new byte[key.Length + 1];
        key.Span.CopyTo(next);
        return UnsafeByteOperations.UnsafeWrap(next);
    }

    private static ByteString Min(ByteString left, ByteString right) => left.Span.SequenceCompareTo(right.Span) <= 0 ? left : right;

    private static ByteString Max(ByteString left, ByteString right) => left.Span.SequenceCompareTo(right.Span) >= 0 ? left : right;
}
