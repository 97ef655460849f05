using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace Net.MsQuic.Internal;

/// <summary>Keeps what is derived from an identity for as long as the identity itself is in use.</summary>
internal sealed class CredentialCache
{
    private readonly ConditionalWeakTable<TlsIdentity, SslStreamCertificateContext> _contexts = [];

    /// <summary>The context that System.Net.Quic shows in handshakes for an identity.</summary>
    /// <param name="identity">The identity.</param>
    /// <returns>The context; the cache owns it.</returns>
    internal SslStreamCertificateContext GetContext(TlsIdentity identity) => _contexts.GetValue(identity, Create);

    // Offline: a missing intermediate must not be fetched over the network in the middle of a handshake.
    private static SslStreamCertificateContext Create(TlsIdentity identity) =>
        SslStreamCertificateContext.Create(identity.Certificate, new X509Certificate2Collection(identity.Intermediates.ToArray()), offline: true);
}
