namespace Net.Client;

/// <summary>Which of a protocol and its fallback over TCP a channel uses.</summary>
public enum FallbackPolicy
{
    /// <summary>QUIC when it works, TCP where UDP is blocked or slow to answer; back to QUIC by itself. The default.</summary>
    Prefer = 0,

    /// <summary>QUIC only: where UDP is blocked, calls fail.</summary>
    Exact = 1,

    /// <summary>The fallback only: UDP is never tried. For networks known to block it.</summary>
    Only = 2,
}
