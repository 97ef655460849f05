using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Ends, freezes and starts hosts.</summary>
internal static class ProcessFaults
{
    private const int SignalBase = 128;
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    // Longer than the time that net serve gives running calls.
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(60);

    internal static async Task<FaultProof> RunAsync(FaultStage stage, FaultPlan plan, ProcessFault fault, int turn)
    {
        string[] hosts = fault.InTurn ? [fault.Hosts[turn % fault.Hosts.Count]] : [.. fault.Hosts];
        bool[] proved = await Task.WhenAll(hosts.Select(name => ActAsync(stage, plan, fault, stage.Cast.Host(name)))).ConfigureAwait(false);
        string what = fault.Deed switch
        {
            ProcessDeed.Kill => "processes seen dead of SIGKILL",
            ProcessDeed.Terminate => "processes seen to end by themselves after SIGTERM",
            ProcessDeed.Freeze => "processes seen stopped",
            _ => "processes seen to serve",
        };
        return new FaultProof(hosts, proved.Count(static p => p), what, string.Join(", ", hosts));
    }

    private static async Task<bool> ActAsync(FaultStage stage, FaultPlan plan, ProcessFault fault, IRunHost host)
    {
        switch (fault.Deed)
        {
            case ProcessDeed.Start:
                await host.StartAsync(stage.Stop).ConfigureAwait(false);
                return host.IsRunning;
            case ProcessDeed.Freeze:
                bool isFrozen = await host.FreezeAsync(true, stage.Stop).ConfigureAwait(false);
                try
                {
                    await stage.LastAsync(plan).ConfigureAwait(false);
                }
                finally
                {
                    await host.FreezeAsync(false, CancellationToken.None).ConfigureAwait(false);
                }

                return isFrozen;
            default:
                return await EndAsync(stage, fault, host).ConfigureAwait(false);
        }
    }

    private static async Task<bool> EndAsync(FaultStage stage, ProcessFault fault, IRunHost host)
    {
        bool isKill = fault.Deed == ProcessDeed.Kill;
        TimeSpan began = stage.Ledger.Now;
        int? exitCode = await host.EndAsync(isKill ? Signals.Kill : Signals.Terminate, isKill ? KillLimit : ExitLimit, stage.Stop).ConfigureAwait(false);
        TimeSpan ended = stage.Ledger.Now;
        if (!isKill)
        {
            stage.Measures.NoteLargest(Judging.Figures.ExitTime, (ended - began).TotalSeconds);
        }

        if (fault.StartAfter is { } after)
        {
            TimeSpan rest = began + after - stage.Ledger.Now;
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
            }

            await host.StartAsync(stage.Stop).ConfigureAwait(false);
        }

        return exitCode == (isKill ? SignalBase + Signals.Kill : 0);
    }
}
