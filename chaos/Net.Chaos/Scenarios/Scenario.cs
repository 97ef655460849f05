namespace Net.Chaos.Scenarios;

/// <summary>What a scenario file says: who is there, what they do, what happens to them, and what must hold. Immutable.</summary>
internal sealed record Scenario
{
    /// <summary>Its name, which is that of its file.</summary>
    internal required string Name { get; init; }

    /// <summary>One sentence for people.</summary>
    internal string About { get; init; } = "";

    /// <summary>The rows of the scorecard that it proves.</summary>
    internal IReadOnlyList<int> Rows { get; init; } = [];

    internal ScenarioGroup Group { get; init; } = ScenarioGroup.Full;

    internal Topology Topology { get; init; } = new();

    internal ClientPlan Client { get; init; } = new();

    internal IReadOnlyList<LoadPlan> Loads { get; init; } = [];

    /// <summary>Load before time begins to count; its calls are judged, too.</summary>
    internal TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>From the end of the warm-up to the end of the load. Faults lie within.</summary>
    internal TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>In the order of their times.</summary>
    internal IReadOnlyList<FaultPlan> Faults { get; init; } = [];

    internal IReadOnlyList<Bound> Bounds { get; init; } = [];
}
