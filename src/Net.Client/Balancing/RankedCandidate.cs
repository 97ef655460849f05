namespace Net.Client;

/// <summary>A candidate with what priority groups go by.</summary>
/// <param name="Candidate">The candidate; its group is <see cref="ChannelEndPoint.Priority"/>.</param>
/// <param name="Health">How fit it is.</param>
public readonly record struct RankedCandidate(PickCandidate Candidate, HealthState Health);
