namespace Net.Client;

/// <summary>What is held of one aspect of an end point's health, and on what grounds.</summary>
/// <param name="State">What is held.</param>
/// <param name="Since">Since when, by the channel's clock.</param>
/// <param name="Source">What it rests on: the name of a probe, or <c>connect</c>, <c>calls</c>, <c>path</c>; <c>null</c> while nothing is known.</param>
/// <param name="Reason">Why, for people; <c>null</c> when nothing speaks against it.</param>
public sealed record HealthVerdict(VerdictState State, DateTimeOffset Since, string? Source, string? Reason);
