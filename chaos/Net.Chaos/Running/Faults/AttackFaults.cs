using Net.Chaos.Running.Attacks;
using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Has hosts attacked.</summary>
internal static class AttackFaults
{
    internal static async Task<FaultProof> RunAsync(FaultStage stage, FaultPlan plan, AttackFault fault)
    {
        long count = 0;
        foreach (string name in fault.Hosts)
        {
            IRunHost host = stage.Cast.Host(name);
            count += fault.Kind switch
            {
                AttackKind.HalfOpen => await HalfOpenAttack.RunAsync(stage, plan, host, fault.Count).ConfigureAwait(false),
                AttackKind.RapidReset => await RapidResetAttack.RunAsync(stage, host, fault.Count).ConfigureAwait(false),
                _ => await GarbageAttack.RunAsync(stage, host, fault.Count).ConfigureAwait(false),
            };
        }

        return new FaultProof(fault.Hosts, count, fault.Kind switch
        {
            AttackKind.HalfOpen => "handshakes begun that the hosts answered",
            AttackKind.RapidReset => "connections closed by the hosts for their resets",
            _ => "datagrams sent",
        });
    }
}
