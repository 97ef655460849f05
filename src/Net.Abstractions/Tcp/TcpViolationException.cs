namespace Net;

/// <summary>The peer's frames make no sense (<c>protocol/net-1.md</c>, section 7): the connection must end. Never leaves the connection.</summary>
internal sealed class TcpViolationException(string message) : Exception(message);
