using System.Collections.Immutable;

namespace Net.Aql;

/// <summary>Builds a state from what was acknowledged once. Limits do not count here: what was kept stays, also when a limit was lowered since.</summary>
internal sealed class StateBuilder
{
    private readonly Dictionary<string, RowTree> _collections = new(StringComparer.Ordinal);
    private long _bytes;

    internal long Sequence { get; set; }

    internal long Rows { get; private set; }

    internal void Apply(IReadOnlyList<Mutation> mutations)
    {
        foreach (Mutation mutation in mutations)
        {
            RowTree tree = _collections.GetValueOrDefault(mutation.Collection, RowTree.Empty);
            RowTree changed = mutation.Row is { } row ? tree.With(row, out Row? previous) : tree.Without(mutation.Key.Span, out previous);
            _bytes += (mutation.Row?.Cost ?? 0) - (previous?.Cost ?? 0);
            Rows += changed.Count - tree.Count;
            if (changed.Count == 0)
            {
                _collections.Remove(mutation.Collection);
            }
            else
            {
                _collections[mutation.Collection] = changed;
            }
        }
    }

    internal StoreState ToState() => new(_collections.ToImmutableDictionary(StringComparer.Ordinal), Sequence, _bytes);
}
