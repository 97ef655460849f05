namespace Net.Chaos.Running.Faults;

/// <summary>That a fault happened.</summary>
/// <param name="Hosts">Whom it could touch.</param>
/// <param name="Count">How often it acted.</param>
/// <param name="Of">What was counted.</param>
/// <param name="Target">On what, where it was taken in turn; <c>null</c>: all that the plan names.</param>
internal sealed record FaultProof(IReadOnlyList<string> Hosts, long Count, string Of, string? Target = null)
{
    /// <summary>Clients that it was meant for.</summary>
    internal IReadOnlyList<string> Clients { get; init; } = [];
}
