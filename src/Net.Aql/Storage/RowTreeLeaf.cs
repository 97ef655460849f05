namespace Net.Aql;

/// <summary>Rows next to each other.</summary>
internal sealed class RowTreeLeaf(Row[] rows) : RowTreeNode
{
    internal Row[] Rows { get; } = rows;

    internal override ReadOnlySpan<byte> FirstKey => Rows[0].Key.Span;

    internal override int Width => Rows.Length;

    internal override Row? Find(ReadOnlySpan<byte> key)
    {
        int index = LowerBound(key);
        return Holds(index, key) ? Rows[index] : null;
    }

    internal override (RowTreeNode Left, RowTreeNode? Right) With(Row row, out Row? previous)
    {
        int index = LowerBound(row.Key.Span);
        if (Holds(index, row.Key.Span))
        {
            previous = Rows[index];
            var replaced = (Row[])Rows.Clone();
            replaced[index] = row;
            return (new RowTreeLeaf(replaced), null);
        }

        previous = null;
        Row[] grown = [.. Rows.AsSpan(0, index), row, .. Rows.AsSpan(index)];
        if (grown.Length <= MaxWidth)
        {
            return (new RowTreeLeaf(grown), null);
        }

        // Keys often come in order: then the left leaf stays full and the next rows go to the right one.
        int middle = index == Rows.Length ? Rows.Length : grown.Length / 2;
        return (new RowTreeLeaf(grown[..middle]), new RowTreeLeaf(grown[middle..]));
    }

    internal override RowTreeNode? Without(ReadOnlySpan<byte> key)
    {
        int index = LowerBound(key);
        return Rows.Length == 1 ? null : new RowTreeLeaf([.. Rows.AsSpan(0, index), .. Rows.AsSpan(index + 1)]);
    }

    internal override RowTreeNode Join(RowTreeNode next) => new RowTreeLeaf([.. Rows, .. ((RowTreeLeaf)next).Rows]);

    /// <summary>The index of the first row whose key is not below another.</summary>
    internal int LowerBound(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = Rows.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Rows[middle].Key.Span.SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private bool Holds(int index, ReadOnlySpan<byte> key) => index < Rows.Length && Rows[index].Key.Span.SequenceEqual(key);
}
