using Net.Chaos.Ledgers;

namespace Net.Chaos.Judging;

/// <summary>All that a run left to be judged.</summary>
internal sealed record RunEvidence
{
    internal required IReadOnlyCollection<CallRecord> Calls { get; init; }

    /// <summary>What the hosts executed; <c>null</c> where the hosts are somebody's own and keep no ledger.</summary>
    internal ServerLedger? Server { get; init; }

    internal IReadOnlyCollection<StreamRecord> Streams { get; init; } = [];

    internal IReadOnlyList<FaultRecord> Faults { get; init; } = [];

    /// <summary>Writes that were acknowledged and are not there any more, or were never read back.</summary>
    internal IReadOnlyList<string> LostWrites { get; init; } = [];

    /// <summary>Acknowledged writes that were read back.</summary>
    internal int ReadWrites { get; init; }

    /// <summary>When load ended, from the start of the run.</summary>
    internal required TimeSpan LoadEnded { get; init; }

    /// <summary>What did not come back to its start: leases, waiters, streams, breakers that are open.</summary>
    internal IReadOnlyList<string> Leftovers { get; init; } = [];

    /// <summary>What handshakes showed of certificates that changed; <c>null</c>: none did.</summary>
    internal CertificateEvidence? Certificates { get; init; }

    /// <summary>Figures that only the runner can know, by name: <see cref="Figures.Handshakes"/>, <see cref="Figures.ExitTime"/>, <see cref="Figures.Memory"/>.</summary>
    internal IReadOnlyDictionary<string, double> Measured { get; init; } = new Dictionary<string, double>();
}
