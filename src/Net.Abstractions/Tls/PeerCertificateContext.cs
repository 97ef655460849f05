namespace Net;

/// <summary>What a policy judges.</summary>
public readonly struct PeerCertificateContext
{
    /// <summary>The chain as the peer sent it, DER, leaf first; empty when the peer sent none.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; init; }

    /// <summary>Whether the peer is the server, so that its name must match <see cref="ServerName"/> and its usage must allow server authentication.</summary>
    public required bool IsServerCertificate { get; init; }

    /// <summary>The name that the client connects to (a DNS name or an IP address text); on a server the name the client asked for, or <c>null</c>.</summary>
    public string? ServerName { get; init; }

    /// <summary>Whether the session is resumed, so that the certificate was judged before and is judged again now.</summary>
    public bool IsResumption { get; init; }

    /// <summary>Wall-clock time of the handshake.</summary>
    public required DateTimeOffset Now { get; init; }
}
