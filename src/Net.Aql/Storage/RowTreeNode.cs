namespace Net.Aql;

/// <summary>A node of a <see cref="RowTree"/>: a leaf of rows or a branch of nodes. Never empty, never changed.</summary>
internal abstract class RowTreeNode
{
    /// <summary>Most rows of a leaf and most children of a branch. A write copies one node of each level, so wider is not better.</summary>
    internal const int MaxWidth = 32;

    internal abstract ReadOnlySpan<byte> FirstKey { get; }

    internal abstract int Width { get; }

    internal abstract Row? Find(ReadOnlySpan<byte> key);

    /// <summary>Puts a row in; two nodes come back where one would be too wide.</summary>
    internal abstract (RowTreeNode Left, RowTreeNode? Right) With(Row row, out Row? previous);

    /// <summary>Takes out a row that is there; <c>null</c> comes back where nothing is left.</summary>
    internal abstract RowTreeNode? Without(ReadOnlySpan<byte> key);

    /// <summary>Joins this node with the one that follows it on the same level.</summary>
    internal abstract RowTreeNode Join(RowTreeNode next);
}
