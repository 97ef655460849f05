using System.Collections.Concurrent;
using Net.Chaos.Judging;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Carries out the faults of a scenario on time, and notes each as it happened.</summary>
internal sealed class FaultDriver(FaultStage stage)
{
    private readonly ConcurrentQueue<FaultRecord> _records = new();

    /// <summary>Those that are over.</summary>
    internal IReadOnlyList<FaultRecord> Records => [.. _records.OrderBy(static r => r.Began)];

    /// <summary>Faults at work now, for the table.</summary>
    internal ConcurrentDictionary<string, int> Active { get; } = new();

    /// <summary>Runs until the last fault is over.</summary>
    /// <exception cref="RunException">One cannot be carried out.</exception>
    internal Task RunAsync(IReadOnlyList<FaultPlan> plans) => Task.WhenAll(plans.Select(RunPlanAsync));

    private async Task RunPlanAsync(FaultPlan plan)
    {
        for (int i = 0; i < plan.Times; i++)
        {
            TimeSpan due = stage.Origin + plan.At + (plan.Every * i) - stage.Ledger.Now;
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
            }

            // One after the other: a process that is slow to start again must not make one fault into two at a time.
            await RunOnceAsync(plan, i).ConfigureAwait(false);
        }
    }

    private async Task RunOnceAsync(FaultPlan plan, int turn)
    {
        string text = $"{plan.Action.Word} {plan.Action.Target}";
        Active.AddOrUpdate(text, 1, static (_, n) => n + 1);
        try
        {
            TimeSpan began = stage.Ledger.Now;
            FaultProof proof = await CarryOutAsync(plan, turn).ConfigureAwait(false);
            _records.Enqueue(new FaultRecord
            {
                Word = plan.Action.Word,
                Target = proof.Target ?? plan.Action.Target,
                Began = began,
                Ended = stage.Ledger.Now,
                Hosts = proof.Hosts,
                Clients = proof.Clients,
                Proof = proof.Count,
                ProofOf = proof.Of,
            });
        }
        finally
        {
            Active.AddOrUpdate(text, 0, static (_, n) => n - 1);
        }
    }

    private Task<FaultProof> CarryOutAsync(FaultPlan plan, int turn) => plan.Action switch
    {
        ProcessFault process => ProcessFaults.RunAsync(stage, plan, process, turn),
        ToxicFault toxic => NetworkFaults.RunAsync(stage, plan, toxic),
        PartitionFault partition => NetworkFaults.RunAsync(stage, plan, partition),
        MigrateFault migrate => NetworkFaults.RunAsync(stage, migrate),
        CertificateFault certificates => CertificateFaults.RunAsync(stage, plan, certificates),
        AttackFault attack => AttackFaults.RunAsync(stage, plan, attack),
        DiskFault disk => DiskFaults.RunAsync(stage, plan, disk),
        _ => throw new RunException($"Nobody knows how to do '{plan.Action.Word}'."),
    };
}
