using Google.Protobuf;

namespace Net.Aql;

/// <summary>One key and its value. Never changes: a write puts another row in its place.</summary>
internal sealed record Row(ByteString Key, ByteString Data, RowMetadata Metadata)
{
    /// <summary>What the row counts towards <see cref="AqlLimits.MaxTotalBytes"/>.</summary>
    internal long Cost => CostOf(Key.Length, Data.Length);

    internal static long CostOf(int keySize, int valueSize) => (long)keySize + valueSize + AqlLimits.RowOverhead;
}
