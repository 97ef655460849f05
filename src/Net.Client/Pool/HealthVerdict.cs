namespace Net.Client;

/// <summary>A judgement of one aspect of an end point.</summary>
/// <param name="State">The judgement; <see cref="HealthState.Healthy"/> while <see cref="IsKnown"/> is <c>false</c>.</param>
/// <param name="IsKnown">Whether anybody has judged it yet.</param>
/// <param name="Reason">Why, in words; empty when there is nothing to say.</param>
/// <param name="Since">When it became so.</param>
public sealed record HealthVerdict(HealthState State, bool IsKnown, string Reason, DateTimeOffset Since);
