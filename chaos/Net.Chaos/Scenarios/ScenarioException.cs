namespace Net.Chaos.Scenarios;

/// <summary>A scenario file that cannot be run; the message holds every fault with its place, a line each.</summary>
internal sealed class ScenarioException(IReadOnlyList<string> faults, Exception? inner = null) : Exception(string.Join(Environment.NewLine, faults), inner)
{
    internal IReadOnlyList<string> Faults { get; } = faults;
}
