using System.Collections.Concurrent;

namespace Net.Chaos.Ledgers;

/// <summary>All calls that the clients of a run made. Thread-safe.</summary>
internal sealed class ClientLedger(TimeProvider timeProvider, Random random)
{
    private readonly ConcurrentQueue<CallRecord> _records = new();
    private readonly Lock _lock = new();
    private readonly long _started = timeProvider.GetTimestamp();

    /// <summary>Time since the run began.</summary>
    internal TimeSpan Now => timeProvider.GetElapsedTime(_started);

    internal IReadOnlyCollection<CallRecord> Records => _records;

    /// <summary>Notes a call before anything of it is sent.</summary>
    internal CallRecord Begin(string client, string load, bool isIdempotent, TimeSpan deadline, CallDigest? request, UInt128? id = null)
    {
        TimeSpan now = Now;
        var record = new CallRecord
        {
            Id = id ?? NewId(),
            Client = client,
            Load = load,
            IsIdempotent = isIdempotent,
            Request = request,
            Began = now,
            Deadline = now + deadline,
        };
        _records.Enqueue(record);
        return record;
    }

    /// <summary>An id that no other call of this run has.</summary>
    internal UInt128 NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_lock)
        {
            random.NextBytes(bytes);
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
