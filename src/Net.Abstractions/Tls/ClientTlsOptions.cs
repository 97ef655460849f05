namespace Net;

/// <summary>One frozen snapshot of a client's TLS side: identity and trust, swapped whole.</summary>
/// <remarks>Keep and reuse the same instance while it is current: engines cache what they derive from it by reference.</remarks>
public sealed record ClientTlsOptions
{
    /// <summary>The client's certificate and key for mutual TLS, or <c>null</c>.</summary>
    public TlsIdentity? Identity { get; init; }

    /// <summary>Judges the server's certificate.</summary>
    public required PeerCertificatePolicy ServerCertificatePolicy { get; init; }

    /// <summary>Where session tickets are kept for resumption and 0-RTT, or <c>null</c> (the default) for full handshakes only.</summary>
    public SessionTicketStore? TicketStore { get; init; }
}
