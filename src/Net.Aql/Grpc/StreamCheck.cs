using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Checks that the messages of a stream are all there, in order and once.</summary>
internal sealed class StreamCheck
{
    private ulong _next;
    private ulong _rows;
    private bool _hasEnded;

    /// <summary>Takes a message.</summary>
    /// <returns>Its rows.</returns>
    /// <exception cref="AqlException">The host refused the query, or the message is out of order.</exception>
    internal IReadOnlyList<KeyValue> Take(StreamResponse response)
    {
        if (response.Sequence != _next || _hasEnded)
        {
            throw Malformed($"message {response.Sequence} came {(_hasEnded ? "after the end" : $"where {_next} was expected")}");
        }

        _next++;
        switch (response.ChunkCase)
        {
            case StreamResponse.ChunkOneofCase.Error:
                throw new AqlException(response.Error);
            case StreamResponse.ChunkOneofCase.Batch:
                _rows += (ulong)response.Batch.Values.Count;
                return response.Batch.Values;
            case StreamResponse.ChunkOneofCase.Value:
                _rows++;
                return [response.Value];
            case StreamResponse.ChunkOneofCase.End:
                // A query that returns no rows ends with how many it changed.
                if (_rows > 0 && response.End.TotalCount != _rows)
                {
                    throw Malformed($"{_rows} rows came where the host sent {response.End.TotalCount}");
                }

                _hasEnded = true;
                return [];
            default:
                throw Malformed($"message {response.Sequence} is empty");
        }
    }

    /// <exception cref="AqlException">The stream is over and its end did not come.</exception>
    internal void End()
    {
        if (!_hasEnded)
        {
            throw Malformed("it is over without its end");
        }
    }

    private static AqlException Malformed(string fault) => new(ErrorCode.ProtocolMalformedMessage, $"The host's stream cannot be right: {fault}. Ask again.");
}
