namespace Net;

/// <summary>A peer that a <see cref="ConnectionGuard"/> watches.</summary>
public sealed class GuardedPeer
{
    /// <summary>The chain as the peer sent it, DER, leaf first; not empty.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; init; }

    /// <summary>Whether the peer is the server.</summary>
    public required bool IsServerCertificate { get; init; }

    /// <summary>The name that was connected to; on a server the name the client asked for, or <c>null</c>.</summary>
    public string? ServerName { get; init; }

    /// <summary>Ends the connection. Called at most once, from any thread; must not block and must not throw.</summary>
    public required Action<PeerCertificateVerdict> Close { get; init; }
}
