using System.Security.Cryptography.X509Certificates;

namespace Net.Testing;

/// <summary>What one side knows after a handshake.</summary>
/// <param name="ApplicationProtocol">The protocol agreed on.</param>
/// <param name="ServerName">The name in SNI, if any.</param>
/// <param name="Version">The QUIC version.</param>
/// <param name="PeerChain">The peer's chain, DER, leaf first.</param>
/// <param name="IdentityGeneration">Generation of this side's identity.</param>
/// <param name="IsResumed">Whether a ticket was used.</param>
internal sealed record MemoryTlsOutcome(
    string ApplicationProtocol, string? ServerName, QuicVersion Version, IReadOnlyList<ReadOnlyMemory<byte>> PeerChain, long IdentityGeneration, bool IsResumed)
{
    /// <summary>Before the handshake.</summary>
    public static MemoryTlsOutcome None { get; } = new("", null, QuicVersion.Unknown, [], 0, false);

    /// <summary>The peer's leaf.</summary>
    public X509Certificate2? PeerCertificate { get; } = PeerChain.Count == 0 ? null : X509CertificateLoader.LoadCertificate(PeerChain[0].Span);
}
