namespace Net.Client;

/// <summary>What a health verdict is about. The three are kept apart, as each calls for another remedy.</summary>
public enum HealthAspect
{
    /// <summary>Whether packets get there and back: connecting, QUIC's PING, probe timeouts, loss.</summary>
    Path,

    /// <summary>Whether the program at the other end answers at all: an echo, calls that time out.</summary>
    Process,

    /// <summary>Whether what it serves is in order: <c>grpc.health.v1</c>, calls that end with a server's error.</summary>
    Service,
}
