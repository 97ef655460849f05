using Net.Chaos.Judging;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running;

/// <summary>A run that is over.</summary>
/// <param name="Scenario">What was run.</param>
/// <param name="Seed">With what seed.</param>
/// <param name="StartedAt">When.</param>
/// <param name="Evidence">What it left.</param>
/// <param name="Findings">What was found.</param>
/// <param name="Figures">What was measured, by name.</param>
/// <param name="Failure">Why it could not be run to its end; <c>null</c>: it was.</param>
internal sealed record RunResult(
    Scenario Scenario,
    ulong Seed,
    DateTimeOffset StartedAt,
    RunEvidence Evidence,
    IReadOnlyList<Finding> Findings,
    IReadOnlyDictionary<string, double> Figures,
    string? Failure)
{
    /// <summary>Whether all holds.</summary>
    internal bool Passed => Failure is null && Findings.Count > 0 && Findings.All(static f => f.Holds);
}
