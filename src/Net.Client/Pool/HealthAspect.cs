namespace Net.Client;

/// <summary>The three verdicts on an end point, kept apart because they have different causes and cures.</summary>
public enum HealthAspect
{
    /// <summary>Whether packets get there and a handshake succeeds. The pool judges it by its own connections.</summary>
    Path = 0,

    /// <summary>Whether the process answers: a ping, an echo.</summary>
    Process = 1,

    /// <summary>Whether the service says that it serves: grpc.health.v1.</summary>
    Service = 2,
}
