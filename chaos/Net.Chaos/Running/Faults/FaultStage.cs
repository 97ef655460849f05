using Net.Chaos.Ledgers;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>What faults act upon.</summary>
internal sealed record FaultStage
{
    internal required RunCast Cast { get; init; }

    /// <summary>The clock of the run.</summary>
    internal required ClientLedger Ledger { get; init; }

    internal required TimeProvider TimeProvider { get; init; }

    /// <summary>When time begins to count, from the start of the run.</summary>
    internal required TimeSpan Origin { get; init; }

    /// <summary>Cancelled when the load ends: faults without a length end then.</summary>
    internal required CancellationToken LoadEnds { get; init; }

    /// <summary>How old streams become that are ended in order; zero: none are.</summary>
    internal TimeSpan LongestAge { get; init; }

    /// <summary>Takes what faults measure.</summary>
    internal required RunMeasures Measures { get; init; }

    internal required CancellationToken Stop { get; init; }

    /// <summary>Waits as long as a fault lasts.</summary>
    internal async Task LastAsync(FaultPlan plan)
    {
        if (plan.For > TimeSpan.Zero)
        {
            await Task.Delay(plan.For, TimeProvider, Stop).ConfigureAwait(false);
            return;
        }

        using var linked = CancellationTokenSource.CreateLinkedTokenSource(LoadEnds, Stop);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Stop.ThrowIfCancellationRequested();
    }
}
