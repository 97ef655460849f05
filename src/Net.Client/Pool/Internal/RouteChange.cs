namespace Net.Client.Internal;

/// <summary>Who may be picked for a protocol from now on.</summary>
/// <param name="Route">The protocol.</param>
/// <param name="Candidates">Those that have connections or have failed, with their health; the owner of each is its group.</param>
/// <param name="IsHopeful">Whether others may come up by themselves.</param>
internal sealed record RouteChange(ProtocolRoute Route, IReadOnlyList<RankedCandidate> Candidates, bool IsHopeful);
