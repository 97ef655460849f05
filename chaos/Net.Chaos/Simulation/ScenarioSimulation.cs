using System.Globalization;
using System.Text.Json.Nodes;
using Net.Chaos.Scenarios;
using Net.Chaos.Simulation.Faults;

namespace Net.Chaos.Simulation;

/// <summary>Takes from a scenario what can be simulated: hosts, clients, the first load's rate and deadline, and the faults; and says what is left out.</summary>
internal sealed class ScenarioSimulation
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private readonly Scenario _scenario;
    private readonly SimulatedEngineKind _engine;
    private readonly string[] _hosts;
    private readonly string[] _clients;
    private readonly List<SimulatedFault> _faults = [];
    private readonly List<string> _leftOut = [];

    private ScenarioSimulation(Scenario scenario, SimulatedEngineKind engine)
    {
        _scenario = scenario;
        _engine = engine;
        _hosts = [.. scenario.Topology.HostNames];
        _clients = [.. scenario.Topology.ClientNames];
    }

    private bool HasDatagrams => _engine == SimulatedEngineKind.Ngtcp2;

    private TimeSpan End => WarmUp + _scenario.Duration;

    /// <summary>Applies a scenario.</summary>
    /// <exception cref="ScenarioException">None of its faults can be simulated.</exception>
    /// <returns>The options, and what of the scenario they do not hold, one line for each.</returns>
    internal static (SimulationOptions Options, IReadOnlyList<string> LeftOut) Apply(Scenario scenario, SimulationOptions options)
    {
        var reader = new ScenarioSimulation(scenario, options.Engine);
        foreach (FaultPlan plan in scenario.Faults)
        {
            reader.Add(plan);
        }

        if (scenario.Faults.Count > 0 && reader._faults.Count == 0)
        {
            throw new ScenarioException([.. reader._leftOut, $"{scenario.Name}: none of its faults can be simulated{(options.Engine == SimulatedEngineKind.Memory ? " with the engine memory" : "")}."]);
        }

        LoadPlan? load = scenario.Loads.FirstOrDefault(static l => l.Kind is LoadKind.Unary or LoadKind.Raw or LoadKind.Write);
        return (options with
        {
            Hosts = reader._hosts.Length,
            Clients = reader._clients.Length,
            Rate = load?.Rate ?? options.Rate,
            Deadline = load?.Deadline,
            FaultsBegin = WarmUp,
            FaultsEnd = reader._faults.Count == 0 ? reader.End : reader._faults.Max(static f => f.End),
            Faults = [.. reader._faults.OrderBy(static f => f.At)],
        }, reader._leftOut);
    }

    private void Add(FaultPlan plan)
    {
        for (int i = 0; i < plan.Times; i++)
        {
            TimeSpan at = WarmUp + plan.At + (plan.Every * i);
            TimeSpan length = plan.For > TimeSpan.Zero ? plan.For : End - at;
            if (!TryAdd(plan.Action, at, length, i))
            {
                _leftOut.Add(string.Create(CultureInfo.InvariantCulture, $"the {plan.Action.Word} of line {plan.Line} is not simulated{(_engine == SimulatedEngineKind.Memory && plan.Action is ToxicFault { Type: "reorder" or "duplicate" or "nat_rebind" } or MigrateFault ? " but with --engine ngtcp2" : "")}."));
                return;
            }
        }
    }

    private bool TryAdd(FaultAction action, TimeSpan at, TimeSpan length, int turn)
    {
        switch (action)
        {
            case ProcessFault process:
                AddProcess(process, at, length, turn);
                return true;
            case PartitionFault partition:
                AddLinks(KindOf(partition.Direction), (c, h) => partition.Separates(c, h), at, length, 0);
                return true;
            case ToxicFault toxic:
                return TryAddToxic(toxic, at, length);
            case CertificateFault { Change: CertificateChange.Rotate } certificates when certificates.Names.Intersect(_clients).Any():
                _faults.Add(new SimulatedFault(SimulatedFaultKind.Rotate, at, TimeSpan.Zero, -1, -1, 0));
                return true;
            case MigrateFault migrate when HasDatagrams:
                _faults.AddRange(migrate.Clients.Select(client => new SimulatedFault(SimulatedFaultKind.Migrate, at, TimeSpan.Zero, Array.IndexOf(_clients, client), -1, 0)));
                return true;
            default:
                return false;
        }
    }

    private void AddProcess(ProcessFault process, TimeSpan at, TimeSpan length, int turn)
    {
        SimulatedFaultKind kind = process.Deed switch
        {
            ProcessDeed.Terminate => SimulatedFaultKind.Drain,
            ProcessDeed.Freeze => SimulatedFaultKind.Freeze,
            _ => SimulatedFaultKind.Kill,
        };
        foreach (string host in process.InTurn ? [process.Hosts[turn % process.Hosts.Count]] : process.Hosts)
        {
            // A start ends what began before; by itself it is nothing.
            if (process.Deed != ProcessDeed.Start)
            {
                TimeSpan down = process.Deed == ProcessDeed.Freeze ? length : process.StartAfter ?? StartOf(host, at) - at;
                _faults.Add(new SimulatedFault(kind, at, down, -1, Array.IndexOf(_hosts, host), 0));
            }
        }
    }

    private TimeSpan StartOf(string host, TimeSpan after) => _scenario.Faults
        .Where(f => f.Action is ProcessFault { Deed: ProcessDeed.Start } start && start.Hosts.Contains(host) && WarmUp + f.At >= after)
        .Select(static f => WarmUp + f.At).DefaultIfEmpty(End).Min();

    private bool TryAddToxic(ToxicFault toxic, TimeSpan at, TimeSpan length)
    {
        (SimulatedFaultKind Kind, double Amount)? simulated = toxic.Type switch
        {
            // The amount is for both directions; one that is bent alone is not told apart.
            "loss" when Number(toxic.Attributes, "p_bad") == 0 => (SimulatedFaultKind.Loss, Number(toxic.Attributes, "probability")),
            "latency" => (SimulatedFaultKind.Slow, Number(toxic.Attributes, "latency") / 1000),
            "reorder" when HasDatagrams => (SimulatedFaultKind.Reorder, Number(toxic.Attributes, "probability")),
            "duplicate" when HasDatagrams => (SimulatedFaultKind.Duplicate, Number(toxic.Attributes, "probability")),
            "partition" => (KindOf(toxic.Direction), 0),
            _ => null,
        };
        if (toxic.Type == "nat_rebind" && HasDatagrams && Number(toxic.Attributes, "interval") is > 0 and double interval)
        {
            for (TimeSpan passed = TimeSpan.FromMilliseconds(interval); passed <= length; passed += TimeSpan.FromMilliseconds(interval))
            {
                _faults.Add(new SimulatedFault(SimulatedFaultKind.Rebind, at + passed, TimeSpan.Zero, -1, -1, 0));
            }

            return true;
        }

        if (simulated is not { } fault || toxic.Toxicity < 1)
        {
            return false;
        }

        AddLinks(fault.Kind, (c, h) => toxic.Links.Contains($"{c}-{h}"), at, length, fault.Amount);
        return true;
    }

    private void AddLinks(SimulatedFaultKind kind, Func<string, string, bool> touches, TimeSpan at, TimeSpan length, double amount)
    {
        for (int client = 0; client < _clients.Length; client++)
        {
            for (int host = 0; host < _hosts.Length; host++)
            {
                if (touches(_clients[client], _hosts[host]))
                {
                    _faults.Add(new SimulatedFault(kind, at, length, client, host, amount));
                }
            }
        }
    }

    private static SimulatedFaultKind KindOf(LinkDirection direction) => direction switch
    {
        LinkDirection.Upstream => SimulatedFaultKind.CutUpstream,
        LinkDirection.Downstream => SimulatedFaultKind.CutDownstream,
        _ => SimulatedFaultKind.Partition,
    };

    private static double Number(JsonObject attributes, string name) =>
        attributes[name] is JsonValue value && double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : 0;
}
