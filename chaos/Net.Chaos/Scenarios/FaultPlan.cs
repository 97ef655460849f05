namespace Net.Chaos.Scenarios;

/// <summary>Something that happens once or again and again.</summary>
internal sealed record FaultPlan
{
    /// <summary>When it first happens, counted from the end of the warm-up.</summary>
    internal required TimeSpan At { get; init; }

    /// <summary>How long it lasts, for what lasts; zero: to the end of the load.</summary>
    internal TimeSpan For { get; init; }

    /// <summary>Time between two of them. Zero: it happens once.</summary>
    internal TimeSpan Every { get; init; }

    /// <summary>How often. Default 1.</summary>
    internal int Times { get; init; } = 1;

    internal required FaultAction Action { get; init; }

    /// <summary>Line of the file, for messages.</summary>
    internal required int Line { get; init; }
}
