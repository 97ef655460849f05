namespace Net;

/// <summary>One frozen snapshot of a client's TLS side: identity and trust, swapped whole.</summary>
/// <remarks>Keep and reuse the same instance while it is current: engines cache what they derive from it by reference.</remarks>
public sealed record ClientTlsOptions
{
    /// <summary>The client's certificate and key for mutual TLS, or <c>null</c>.</summary>
    /// <remarks>Default <c>null</c>: none is shown. Give one where servers ask for client certificates. For one that ends within the life of the program, use a source that rotates.</remarks>
    public TlsIdentity? Identity { get; init; }

    /// <summary>Judges the server's certificate.</summary>
    /// <remarks>A <see cref="CertificateTrust"/> of the authorities that really sign the servers, and no more: each root that is trusted can make a server of any name.</remarks>
    public required PeerCertificatePolicy ServerCertificatePolicy { get; init; }

    /// <summary>Where session tickets are kept for resumption and 0-RTT, or <c>null</c> (the default) for full handshakes only.</summary>
    /// <remarks>Give one where connections are opened often or round trips are long; share it among connections of the same identity and trust only, as a ticket stands for both.</remarks>
    public SessionTicketStore? TicketStore { get; init; }
}
