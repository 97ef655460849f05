namespace Net.Chaos.Scenarios;

/// <summary>When a scenario runs.</summary>
internal enum ScenarioGroup
{
    /// <summary>With every test run.</summary>
    Quick,

    /// <summary>With <c>make chaos</c>, the quick ones included.</summary>
    Full,

    /// <summary>When asked for: minutes or hours.</summary>
    Soak,
}
