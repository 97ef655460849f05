using System.Text.Json.Nodes;
using Net.Chaos.Proxy;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Puts toxics on links and takes them off again.</summary>
internal static class NetworkFaults
{
    private static int s_number;

    internal static async Task<FaultProof> RunAsync(FaultStage stage, FaultPlan plan, ToxicFault fault)
    {
        RunLink[] links = [.. stage.Cast.Links.Where(l => fault.Links.Contains(l.Name))];
        bool isUdp = ToxicTypes.All.Any(t => t.Protocol == ProxyProtocol.Udp && t.Name == fault.Type);
        var placed = new List<(ChaosProxy Proxy, Toxic Toxic)>();
        long count = await ActAsync(stage, plan, placed, async () =>
        {
            foreach (RunLink link in links)
            {
                await PlaceAsync(placed, isUdp ? link.Udp! : link.Tcp!, fault.Type, fault.Direction, fault.Toxicity, fault.Attributes).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
        return new FaultProof([.. links.Select(static l => l.Host).Distinct()], count, isUdp ? "datagrams touched" : "pieces of streams touched");
    }

    internal static async Task<FaultProof> RunAsync(FaultStage stage, FaultPlan plan, PartitionFault fault)
    {
        RunLink[] links = [.. stage.Cast.Links.Where(l => fault.Separates(l.Client, l.Host))];
        var placed = new List<(ChaosProxy Proxy, Toxic Toxic)>();
        long count = await ActAsync(stage, plan, placed, async () =>
        {
            foreach (RunLink link in links)
            {
                await PlaceAsync(placed, link.Udp!, "partition", fault.Direction, 1, new JsonObject { ["full"] = false }).ConfigureAwait(false);
                await PlaceAsync(placed, link.Tcp!, "timeout", fault.Direction, 1, new JsonObject { ["timeout"] = 0 }).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
        return new FaultProof([.. links.Select(static l => l.Host).Distinct()], count, "datagrams and pieces of streams dropped");
    }

    /// <summary>Moves the clients' connections to new local addresses, by the connections themselves.</summary>
    internal static async Task<FaultProof> RunAsync(FaultStage stage, MigrateFault fault)
    {
        int moved = 0;
        foreach (string client in fault.Clients)
        {
            moved += await stage.Cast.Client(client).MigrateAsync(stage.Stop).ConfigureAwait(false);
        }

        return new FaultProof([.. stage.Cast.Hosts.Select(static h => h.Name)], moved, "connections moved");
    }

    private static async Task<long> ActAsync(FaultStage stage, FaultPlan plan, List<(ChaosProxy Proxy, Toxic Toxic)> placed, Func<Task> place)
    {
        try
        {
            await place().ConfigureAwait(false);
            await stage.LastAsync(plan).ConfigureAwait(false);
        }
        catch (ChaosException exception)
        {
            throw new RunException($"The {plan.Action.Word} of line {plan.Line} cannot be put on a link: {exception.Message}", exception);
        }
        finally
        {
            foreach ((ChaosProxy proxy, Toxic toxic) in placed)
            {
                await proxy.RemoveToxicAsync(toxic.Name).ConfigureAwait(false);
            }
        }

        return placed.Sum(static p => Enum.GetValues<FaultKind>().Sum(p.Toxic.CountFaults));
    }

    private static async Task PlaceAsync(List<(ChaosProxy Proxy, Toxic Toxic)> placed, ChaosProxy proxy, string type, LinkDirection direction, float toxicity, JsonObject attributes)
    {
        foreach ((LinkDirection one, ToxicStream stream) in ((LinkDirection, ToxicStream)[])[(LinkDirection.Upstream, ToxicStream.Upstream), (LinkDirection.Downstream, ToxicStream.Downstream)])
        {
            if (direction != LinkDirection.Both && direction != one)
            {
                continue;
            }

            string name = $"{type}-{stream}-{Interlocked.Increment(ref s_number)}";
            Toxic toxic = await proxy.AddToxicAsync(new ToxicOptions { Type = type, Name = name, Stream = stream, Toxicity = toxicity, Attributes = (JsonObject)attributes.DeepClone() }).ConfigureAwait(false);
            placed.Add((proxy, toxic));
        }
    }
}
