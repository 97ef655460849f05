namespace Net.Aql;

/// <summary>Nodes of the level below, next to each other.</summary>
internal sealed class RowTreeBranch(RowTreeNode[] children) : RowTreeNode
{
    internal RowTreeNode[] Children { get; } = children;

    internal override ReadOnlySpan<byte> FirstKey => Children[0].FirstKey;

    internal override int Width => Children.Length;

    internal override Row? Find(ReadOnlySpan<byte> key) => Children[ChildOf(key)].Find(key);

    internal override (RowTreeNode Left, RowTreeNode? Right) With(Row row, out Row? previous)
    {
        int index = ChildOf(row.Key.Span);
        (RowTreeNode left, RowTreeNode? right) = Children[index].With(row, out previous);
        if (right is null)
        {
            var replaced = (RowTreeNode[])Children.Clone();
            replaced[index] = left;
            return (new RowTreeBranch(replaced), null);
        }

        RowTreeNode[] grown = [.. Children.AsSpan(0, index), left, right, .. Children.AsSpan(index + 1)];
        if (grown.Length <= MaxWidth)
        {
            return (new RowTreeBranch(grown), null);
        }

        int middle = index == Children.Length - 1 ? Children.Length : grown.Length / 2;
        return (new RowTreeBranch(grown[..middle]), new RowTreeBranch(grown[middle..]));
    }

    internal override RowTreeNode? Without(ReadOnlySpan<byte> key)
    {
        int index = ChildOf(key);
        RowTreeNode? child = Children[index].Without(key);
        if (child is null)
        {
            return Children.Length == 1 ? null : new RowTreeBranch([.. Children.AsSpan(0, index), .. Children.AsSpan(index + 1)]);
        }

        // Joining only where the result is half full keeps a row that comes and goes from splitting and joining a node each time.
        int left = index > 0 && child.Width + Children[index - 1].Width <= MaxWidth / 2 ? index - 1 : index;
        if (left == index && (index + 1 == Children.Length || child.Width + Children[index + 1].Width > MaxWidth / 2))
        {
            var replaced = (RowTreeNode[])Children.Clone();
            replaced[index] = child;
            return new RowTreeBranch(replaced);
        }

        RowTreeNode joined = left == index ? child.Join(Children[index + 1]) : Children[left].Join(child);
        return new RowTreeBranch([.. Children.AsSpan(0, left), joined, .. Children.AsSpan(left + 2)]);
    }

    internal override RowTreeNode Join(RowTreeNode next) => new RowTreeBranch([.. Children, .. ((RowTreeBranch)next).Children]);

    /// <summary>The index of the child that a key belongs to.</summary>
    internal int ChildOf(ReadOnlySpan<byte> key)
    {
        int low = 1;
        int high = Children.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Children[middle].FirstKey.SequenceCompareTo(key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }
}
