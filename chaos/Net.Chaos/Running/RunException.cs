namespace Net.Chaos.Running;

/// <summary>A scenario could not be run at all: a host does not start, a disk cannot be made, and so on. Nothing is said about what it would have proved.</summary>
internal sealed class RunException(string message, Exception? inner = null) : Exception(message, inner);
