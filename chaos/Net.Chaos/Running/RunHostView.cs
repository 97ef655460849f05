namespace Net.Chaos.Running;

/// <summary>How a host stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsRunning">Whether its process runs.</param>
/// <param name="Memory">Its resident memory in bytes; <c>null</c> when it is not known.</param>
/// <param name="Ok">Successes that it answered.</param>
/// <param name="Breakers">The state of its breaker at each client.</param>
internal sealed record RunHostView(string Name, bool IsRunning, long? Memory, int Ok, string Breakers);
