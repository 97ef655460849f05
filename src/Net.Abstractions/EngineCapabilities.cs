namespace Net;

/// <summary>What an engine can do beyond connections and streams. What is missing here is refused clearly by the engine, never ignored.</summary>
[Flags]
public enum EngineCapabilities
{
    /// <summary>Connections and streams only.</summary>
    None = 0,

    /// <summary>The engine can accept connections.</summary>
    Listen = 1 << 0,

    /// <summary>Session resumption with a ticket store (RFC 8446, section 2.2).</summary>
    Resumption = 1 << 1,

    /// <summary>0-RTT data, sent by clients and accepted by servers behind an anti-replay window (RFC 9001, section 4.6).</summary>
    EarlyData = 1 << 2,

    /// <summary>Active migration of a client to another local address (RFC 9000, section 9).</summary>
    Migration = 1 << 3,

    /// <summary>Unreliable datagrams (RFC 9221).</summary>
    Datagrams = 1 << 4,

    /// <summary>Stream priorities decide the order of sending.</summary>
    StreamPriority = 1 << 5,

    /// <summary>Round-trip times and congestion state per connection.</summary>
    PathStatistics = 1 << 6,

    /// <summary>The congestion control algorithm can be chosen.</summary>
    CongestionControlChoice = 1 << 7,

    /// <summary><see cref="TransportConnection.PingAsync"/> touches the peer.</summary>
    Ping = 1 << 8,

    /// <summary>The application can ask for a TLS key update (RFC 9001, section 6).</summary>
    KeyUpdate = 1 << 9,

    /// <summary>Continuations can run on the engine's own thread when the caller asks for it.</summary>
    InlineContinuations = 1 << 10,

    /// <summary>TLS secrets can be written to a key log file.</summary>
    KeyLog = 1 << 11,

    /// <summary>QUIC version 2 and compatible version negotiation (RFC 9369, RFC 9368).</summary>
    Version2 = 1 << 12,

    /// <summary>Time comes from the <see cref="TimeProvider"/> that the engine was given.</summary>
    InjectedClock = 1 << 13,

    /// <summary>Address validation by Retry under load (RFC 9000, section 8.1.2).</summary>
    Retry = 1 << 14,

    /// <summary>A stateless reset ends a connection that the peer has forgotten (RFC 9000, section 10.3).</summary>
    StatelessReset = 1 << 15,

    /// <summary>A reason text is carried when a connection is closed.</summary>
    CloseReason = 1 << 16,

    /// <summary>The server's TLS options can be chosen per handshake from the client's hello.</summary>
    TlsPerHandshake = 1 << 17,

    /// <summary>Limits on resets and frames per second protect the process from a hostile peer.</summary>
    AbuseLimits = 1 << 18,

    /// <summary>
    /// <see cref="TransportEngine.ConnectAsync"/> waits until the server has accepted this side's certificate. Without it a refusal can come after the return: the connection then ends with
    /// <see cref="TransportError.CertificateRejected"/>, and the server has processed nothing that was sent on it.
    /// </summary>
    ConfirmedConnect = 1 << 19,
}
