namespace Net.Client;

/// <summary>A judgement of one aspect of an end point.</summary>
/// <param name="Status">The judgement.</param>
/// <param name="Reason">Why, in words; empty when there is nothing to say.</param>
/// <param name="Since">When it became so.</param>
public sealed record HealthVerdict(HealthStatus Status, string Reason, DateTimeOffset Since);
