namespace Net.Chaos.Simulation;

/// <summary>The simulation itself went wrong: it says nothing of what it simulates.</summary>
internal sealed class SimulationException(string message, Exception? innerException = null) : Exception(message, innerException);
