namespace Net.Chaos.Running;

/// <summary>How a run stands.</summary>
/// <param name="Elapsed">Since the warm-up ended; negative before that.</param>
/// <param name="Duration">How long it will be.</param>
/// <param name="Faults">Faults at work.</param>
/// <param name="Hosts">A line for each host.</param>
/// <param name="Ok">Successes so far.</param>
/// <param name="Refused">Refused calls so far.</param>
/// <param name="Failed">Failed calls so far.</param>
/// <param name="Unknown">Calls of unknown fate so far.</param>
/// <param name="InFlight">Calls under way.</param>
/// <param name="BrokenStreams">Long streams that broke.</param>
internal sealed record RunView(
    TimeSpan Elapsed, TimeSpan Duration, IReadOnlyList<string> Faults, IReadOnlyList<RunHostView> Hosts, int Ok, int Refused, int Failed, int Unknown, int InFlight, int BrokenStreams);
