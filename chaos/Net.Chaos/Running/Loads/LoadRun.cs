using Net.Chaos.Ledgers;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Loads;

/// <summary>A load at work: what it is, who makes it, and where it notes what happened.</summary>
internal sealed record LoadRun
{
    internal required LoadPlan Plan { get; init; }

    internal required RunClient Client { get; init; }

    internal required ClientLedger Ledger { get; init; }

    internal required RunNotes Notes { get; init; }

    internal required TimeProvider TimeProvider { get; init; }

    /// <summary>Cancelled when no more calls begin; those that run go on.</summary>
    internal required CancellationToken LoadEnds { get; init; }

    /// <summary>Cancelled when everything ends at once.</summary>
    internal required CancellationToken Stop { get; init; }
}
