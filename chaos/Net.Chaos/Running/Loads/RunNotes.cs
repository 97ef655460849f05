using System.Collections.Concurrent;
using Net.Chaos.Ledgers;

namespace Net.Chaos.Running.Loads;

/// <summary>What loads note beside the ledger. Thread-safe.</summary>
internal sealed class RunNotes
{
    private readonly ConcurrentQueue<StreamRecord> _streams = new();
    private readonly ConcurrentDictionary<UInt128, byte[]> _writes = new();

    internal IReadOnlyCollection<StreamRecord> Streams => _streams;

    /// <summary>Writes that a host acknowledged: key and SHA-256 of the value.</summary>
    internal IReadOnlyDictionary<UInt128, byte[]> Writes => _writes;

    internal StreamRecord AddStream(string client, string load)
    {
        var record = new StreamRecord { Client = client, Load = load, Number = _streams.Count + 1 };
        _streams.Enqueue(record);
        return record;
    }

    internal void AddWrite(UInt128 key, byte[] digest) => _writes[key] = digest;
}
