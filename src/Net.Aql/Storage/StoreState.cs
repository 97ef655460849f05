using System.Collections.Immutable;

namespace Net.Aql;

/// <summary>All rows of a store after one commit. Never changes.</summary>
/// <param name="Collections">The collections that hold rows.</param>
/// <param name="Sequence">How many commits have led here.</param>
/// <param name="Bytes">What the rows count towards <see cref="AqlLimits.MaxTotalBytes"/>.</param>
internal sealed record StoreState(ImmutableDictionary<string, RowTree> Collections, long Sequence, long Bytes)
{
    internal static StoreState Empty { get; } = new(ImmutableDictionary.Create<string, RowTree>(StringComparer.Ordinal), 0, 0);

    internal long Rows => Collections.Values.Sum(tree => tree.Count);

    internal RowTree Collection(string name) => Collections.GetValueOrDefault(name, RowTree.Empty);
}
