using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Cuts rows into the chunks of a stream. It looks one row ahead, so that each chunk can tell whether another follows.</summary>
/// <param name="maxBytes">About how many bytes a chunk may have; the first row always fits.</param>
internal sealed class ChunkReader(int maxBytes) : IDisposable
{
    private IEnumerator<Row>? _rows;

    internal bool HasMore { get; private set; }

    internal void Begin(IEnumerable<Row> rows)
    {
        _rows = rows.GetEnumerator();
        HasMore = _rows.MoveNext();
    }

    /// <summary>Makes the next chunk; there is one while <see cref="HasMore"/>.</summary>
    internal StreamBatch Next()
    {
        var batch = new StreamBatch();
        long bytes = 0;
        do
        {
            bytes += QueryContext.CostOf(_rows!.Current);
            batch.Values.Add(QueryExecutor.ToMessage(_rows.Current));
            HasMore = _rows.MoveNext();
        }
        while (HasMore && batch.Values.Count < AqlProtocol.StreamChunkRows && bytes + QueryContext.CostOf(_rows.Current) <= maxBytes);

        batch.HasMore = HasMore;
        return batch;
    }

    public void Dispose() => _rows?.Dispose();
}
