namespace Net.Chaos.Scenarios;

/// <summary>Hosts h1, h2, ..., clients c1, c2, ..., and a link from each client to each host.</summary>
internal sealed record Topology
{
    /// <summary>Hosts that the runner starts. Default 3; range 1 to 16. 0 when <see cref="EndPoints"/> names somebody's own.</summary>
    internal int Hosts { get; init; } = 3;

    /// <summary>More arguments for <c>net serve</c>.</summary>
    internal IReadOnlyList<string> HostArguments { get; init; } = [];

    /// <summary>A command that starts one host of somebody's own; <c>{port}</c>, <c>{name}</c> and <c>{dir}</c> are filled in. Empty: <c>net serve</c>.</summary>
    internal IReadOnlyList<string> HostCommand { get; init; } = [];

    /// <summary>Services that run already, <c>host:port</c>; they are hosts h1, h2, ... that the runner neither starts nor stops.</summary>
    internal IReadOnlyList<string> EndPoints { get; init; } = [];

    /// <summary>Clients, each with a pool of its own. Default 1; range 1 to 16.</summary>
    internal int Clients { get; init; } = 1;

    /// <summary>Whether links run through the fault proxy. Default <c>true</c>; faults of the network need it.</summary>
    internal bool IsProxied { get; init; } = true;

    /// <summary>A disk of its own for each host's data, so many bytes; 0: none.</summary>
    internal long DiskBytes { get; init; }

    internal IEnumerable<string> HostNames => Enumerable.Range(1, EndPoints.Count > 0 ? EndPoints.Count : Hosts).Select(static i => $"h{i}");

    internal IEnumerable<string> ClientNames => Enumerable.Range(1, Clients).Select(static i => $"c{i}");
}
