using System.Globalization;

namespace Net.Chaos.Simulation.Faults;

/// <summary>One thing that happens.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">When it begins.</param>
/// <param name="For">How long it lasts; zero for what happens in a moment.</param>
/// <param name="Client">Which client it touches, from 0; -1: all.</param>
/// <param name="Host">Which host it touches, from 0; -1: all.</param>
/// <param name="Amount">How much; the kind says of what.</param>
internal sealed record SimulatedFault(SimulatedFaultKind Kind, TimeSpan At, TimeSpan For, int Client, int Host, double Amount)
{
    private static readonly Dictionary<SimulatedFaultKind, (bool HasClient, bool HasHost, bool HasAmount)> Shapes = new()
    {
        [SimulatedFaultKind.Partition] = (true, true, false),
        [SimulatedFaultKind.CutUpstream] = (true, true, false),
        [SimulatedFaultKind.CutDownstream] = (true, true, false),
        [SimulatedFaultKind.Loss] = (true, true, true),
        [SimulatedFaultKind.Slow] = (true, true, true),
        [SimulatedFaultKind.Reorder] = (true, true, true),
        [SimulatedFaultKind.Duplicate] = (true, true, true),
        [SimulatedFaultKind.Rebind] = (true, false, false),
        [SimulatedFaultKind.Migrate] = (true, false, false),
        [SimulatedFaultKind.Kill] = (false, true, false),
        [SimulatedFaultKind.Freeze] = (false, true, false),
        [SimulatedFaultKind.Refuse] = (false, true, false),
        [SimulatedFaultKind.Reset] = (false, true, false),
        [SimulatedFaultKind.Drain] = (false, true, false),
        [SimulatedFaultKind.Fail] = (false, true, true),
        [SimulatedFaultKind.Rotate] = (false, false, true),
        [SimulatedFaultKind.Cancel] = (true, false, true),
    };

    internal TimeSpan End => At + For;

    /// <summary>Whether it touches a client.</summary>
    internal bool Meets(int client) => Client < 0 || Client == client;

    /// <summary>Whether it touches a link.</summary>
    internal bool Meets(int client, int host) => Meets(client) && (Host < 0 || Host == host);

    public override string ToString()
    {
        (bool hasClient, bool hasHost, bool hasAmount) = Shapes[Kind];
        string who = string.Join('-', ((string?[])[hasClient ? Name('c', Client) : null, hasHost ? Name('h', Host) : null]).OfType<string>());
        return string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds,7:0.000} s  {Kind.ToString().ToLowerInvariant(),-13} {who,-8}{(hasAmount ? $" {Amount:0.###}" : "")}{(For > TimeSpan.Zero ? $" for {For.TotalSeconds:0.000} s" : "")}").TrimEnd();
    }

    private static string Name(char letter, int number) => number < 0 ? $"{letter}*" : string.Create(CultureInfo.InvariantCulture, $"{letter}{number + 1}");
}
