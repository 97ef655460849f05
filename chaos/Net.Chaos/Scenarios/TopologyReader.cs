namespace Net.Chaos.Scenarios;

/// <summary>Reads who is there and how the pools are set.</summary>
internal static class TopologyReader
{
    private const int MostMembers = 16;
    private const int MostConnections = 1000;

    internal static Topology Read(ScenarioNode? node)
    {
        var defaults = new Topology();
        if (node is null)
        {
            return defaults;
        }

        IReadOnlyList<string> endPoints = node.Words("end-points") ?? [];
        if (endPoints.Count > 0 && node.Has("hosts"))
        {
            node.Fault(node.Find("hosts")!, "hosts and end-points exclude each other: either the runner starts hosts, or they run already.");
        }

        foreach (string endPoint in endPoints)
        {
            try
            {
                TransportEndPoint.Parse(endPoint);
            }
            catch (FormatException exception)
            {
                node.Fault(node.Find("end-points")!, $"end-points: {exception.Message}");
            }
        }

        var topology = new Topology
        {
            Hosts = node.Integer("hosts", 1, MostMembers) ?? defaults.Hosts,
            HostArguments = node.Words("host-arguments") ?? [],
            HostCommand = node.Words("host-command") ?? [],
            EndPoints = endPoints,
            Clients = node.Integer("clients", 1, MostMembers) ?? defaults.Clients,
            IsProxied = node.Choice<bool>("links", [("proxied", true), ("direct", false)]) ?? defaults.IsProxied,
            DiskBytes = node.Size("disk", 64 << 10, 1L << 30) ?? 0,
        };
        node.EndOfKeys();
        return topology;
    }

    internal static ClientPlan ReadClient(ScenarioNode? node)
    {
        var defaults = new ClientPlan();
        if (node is null)
        {
            return defaults;
        }

        TimeSpan least = TimeSpan.FromMilliseconds(10);
        TimeSpan most = TimeSpan.FromMinutes(10);
        var plan = new ClientPlan
        {
            Balancing = ReadBalancing(node) ?? defaults.Balancing,
            Attempts = node.Integer("attempts", 1, 5) ?? defaults.Attempts,
            RetryBudget = node.Integer("retry-budget", 1, 1000) ?? defaults.RetryBudget,
            MinConnections = node.Integer("min-connections", 0, MostConnections) ?? defaults.MinConnections,
            MaxConnections = node.Integer("max-connections", 1, MostConnections) ?? defaults.MaxConnections,
            HealthInterval = node.Time("health-interval", least, most) ?? defaults.HealthInterval,
            AttemptTimeout = node.Time("attempt-timeout", least, most) ?? defaults.AttemptTimeout,
            BreakerOpen = node.Time("breaker-open", least, most) ?? defaults.BreakerOpen,
            Lifetime = node.Time("lifetime", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) ?? defaults.Lifetime,
            Idle = node.Time("idle", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) ?? defaults.Idle,
            ProbeTimeouts = node.Integer("probe-timeouts", 0, 100) ?? defaults.ProbeTimeouts,
            Fallback = node.Flag("fallback") ?? defaults.Fallback,
            EarlyData = node.Flag("early-data") ?? defaults.EarlyData,
        };
        if (plan.MinConnections > plan.MaxConnections)
        {
            node.Fault($"min-connections is {plan.MinConnections}, more than max-connections, which is {plan.MaxConnections}.");
        }

        node.EndOfKeys();
        return plan;
    }

    private static IReadOnlyList<string>? ReadBalancing(ScenarioNode node)
    {
        IReadOnlyList<string>? words = node.Words("balancing");
        foreach (string word in words ?? [])
        {
            if (!Balancings.Contains(word))
            {
                node.Fault(node.Find("balancing")!, $"balancing is '{word}'; it must be {string.Join(", ", Balancings)}, or a list of these.");
            }
        }

        return words is { Count: 0 } ? null : words;
    }

    private static readonly string[] Balancings = ["round-robin", "least-connections", "weighted", "power-of-two", "peak-ewma", "ring-hash"];
}
