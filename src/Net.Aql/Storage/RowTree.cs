using Google.Protobuf;

namespace Net.Aql;

/// <summary>Rows in the order of their keys. Never changes: a write makes another tree that shares all but one path of nodes with this one, so that a reader keeps what it began with.</summary>
internal sealed class RowTree
{
    private readonly RowTreeNode? _root;

    private RowTree(RowTreeNode? root, long count)
    {
        _root = root;
        Count = count;
    }

    internal static RowTree Empty { get; } = new(null, 0);

    internal long Count { get; }

    internal Row? Find(ReadOnlySpan<byte> key) => _root?.Find(key);

    /// <summary>Puts a row in, in place of the one with the same key.</summary>
    /// <param name="row">The row.</param>
    /// <param name="previous">The row it replaces, if any.</param>
    internal RowTree With(Row row, out Row? previous)
    {
        if (_root is null)
        {
            previous = null;
            return new RowTree(new RowTreeLeaf([row]), 1);
        }

        (RowTreeNode left, RowTreeNode? right) = _root.With(row, out previous);
        RowTreeNode root = right is null ? left : new RowTreeBranch([left, right]);
        return new RowTree(root, previous is null ? Count + 1 : Count);
    }

    /// <summary>Takes a row out.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="previous">The row, or <c>null</c> when there is none and the tree stays as it is.</param>
    internal RowTree Without(ReadOnlySpan<byte> key, out Row? previous)
    {
        previous = Find(key);
        if (previous is null)
        {
            return this;
        }

        RowTreeNode? root = _root!.Without(key);
        while (root is RowTreeBranch { Children.Length: 1 } branch)
        {
            root = branch.Children[0];
        }

        return root is null ? Empty : new RowTree(root, Count - 1);
    }

    /// <summary>Lists rows in the order of their keys.</summary>
    /// <param name="start">The first key, inclusive; <c>null</c>: from the beginning.</param>
    /// <param name="end">The key after the last one, exclusive; <c>null</c>: to the end.</param>
    internal IEnumerable<Row> Scan(ByteString? start = null, ByteString? end = null)
    {
        if (_root is null)
        {
            yield break;
        }

        var path = new Stack<(RowTreeBranch Branch, int Next)>();
        RowTreeLeaf? leaf = Descend(_root, start, path);
        int index = leaf.LowerBound(start is null ? default : start.Span);
        while (leaf is not null)
        {
            for (; index < leaf.Rows.Length; index++)
            {
                Row row = leaf.Rows[index];
                if (end is not null && row.Key.Span.SequenceCompareTo(end.Span) >= 0)
                {
                    yield break;
                }

                yield return row;
            }

            leaf = NextLeaf(path);
            index = 0;
        }
    }

    private static RowTreeLeaf Descend(RowTreeNode node, ByteString? start, Stack<(RowTreeBranch Branch, int Next)> path)
    {
        while (node is RowTreeBranch branch)
        {
            int child = start is null ? 0 : branch.ChildOf(start.Span);
            path.Push((branch, child + 1));
            node = branch.Children[child];
        }

        return (RowTreeLeaf)node;
    }

    private static RowTreeLeaf? NextLeaf(Stack<(RowTreeBranch Branch, int Next)> path)
    {
        while (path.TryPop(out (RowTreeBranch Branch, int Next) step))
        {
            if (step.Next < step.Branch.Children.Length)
            {
                path.Push((step.Branch, step.Next + 1));
                return Descend(step.Branch.Children[step.Next], null, path);
            }
        }

        return null;
    }
}
