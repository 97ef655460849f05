using System.Collections.Immutable;
using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Reads and writes on one state of a store. What it writes it sees; others see nothing of it until the state it leads to is taken over.</summary>
internal sealed class StoreTransaction(StoreState state, AqlLimits limits)
{
    private readonly List<Mutation> _mutations = [];
    private ImmutableDictionary<string, RowTree> _collections = state.Collections;
    private long _bytes = state.Bytes;

    /// <summary>The writes so far, in order.</summary>
    internal IReadOnlyList<Mutation> Mutations => _mutations;

    /// <summary>Bytes written so far, about as many as they take in the log.</summary>
    internal long Written { get; private set; }

    internal RowTree Collection(string name) => _collections.GetValueOrDefault(name, RowTree.Empty);

    /// <summary>Puts a row in.</summary>
    /// <exception cref="AqlException">A limit is reached; nothing of the transaction may be kept then.</exception>
    internal void Set(string collection, Row row)
    {
        CountWritten(collection, row.Cost);
        RowTree tree = Collection(collection);
        RowTree changed = tree.With(row, out Row? previous);
        if (tree.Count == 0 && _collections.Count >= limits.MaxCollections)
        {
            throw new AqlException(
                ErrorCode.StorageFull,
                $"The store has {_collections.Count} collections, as many as it takes, so '{collection}' cannot begin. Delete all rows of another collection, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxCollections)}.");
        }

        _bytes += row.Cost - (previous?.Cost ?? 0);
        // Replacing a row by a smaller one is allowed in a store that is over a limit that was lowered.
        if (_bytes > limits.MaxTotalBytes && row.Cost > (previous?.Cost ?? 0))
        {
            throw new AqlException(
                ErrorCode.StorageFull,
                $"The store would hold {_bytes} bytes; it takes {limits.MaxTotalBytes}. Delete rows, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxTotalBytes)}.");
        }

        _collections = _collections.SetItem(collection, changed);
        _mutations.Add(new Mutation(collection, row.Key, row));
    }

    /// <summary>Takes a row out.</summary>
    /// <returns><c>false</c> when there is none.</returns>
    internal bool Delete(string collection, ByteString key)
    {
        RowTree changed = Collection(collection).Without(key.Span, out Row? previous);
        if (previous is null)
        {
            return false;
        }

        CountWritten(collection, Row.CostOf(key.Length, 0));
        _bytes -= previous.Cost;
        _collections = changed.Count == 0 ? _collections.Remove(collection) : _collections.SetItem(collection, changed);
        _mutations.Add(new Mutation(collection, key, null));
        return true;
    }

    /// <summary>The state that the transaction leads to.</summary>
    internal StoreState ToState() => new(_collections, state.Sequence + 1, _bytes);

    private void CountWritten(string collection, long cost)
    {
        Written += cost + collection.Length;
        if (Written > limits.MaxCommitBytes)
        {
            throw new AqlException(
                ErrorCode.ValidationSizeExceeded,
                $"The request would write more than {limits.MaxCommitBytes} bytes at once. Split it, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxCommitBytes)}.");
        }
    }
}
