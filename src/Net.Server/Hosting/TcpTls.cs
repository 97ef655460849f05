using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Net.Server;

/// <summary>Gives Kestrel's TCP end points the same TLS options, certificate policy included, that the QUIC engines have.</summary>
/// <param name="selector">Chooses the options of each handshake.</param>
/// <param name="applicationProtocols">Offers the versions of HTTP that are served, and raw streams where there are routes.</param>
/// <param name="timeProvider">The clock for certificate validity.</param>
internal sealed class TcpTls(ServerTlsSelector selector, Func<List<SslApplicationProtocol>> applicationProtocols, TimeProvider timeProvider)
{
    /// <summary>Where a connection keeps the options that its handshake used.</summary>
    internal static readonly object OptionsKey = new();

    private static readonly IPEndPoint Unknown = new(IPAddress.IPv6None, 0);

    // The context holds the chain that is sent; making one searches stores, so that it is made once for each identity.
    private readonly ConditionalWeakTable<TlsIdentity, SslStreamCertificateContext> _contexts = [];

    internal ValueTask<SslServerAuthenticationOptions> SelectAsync(TlsHandshakeCallbackContext handshake)
    {
        string? serverName = handshake.ClientHelloInfo.ServerName is { Length: > 0 } name ? name : null;
        ServerTlsOptions? chosen = selector(new ClientHello(serverName, handshake.Connection.RemoteEndPoint as IPEndPoint ?? Unknown));
        if (chosen is null)
        {
            throw new AuthenticationException($"There are no TLS options for the name '{serverName}'; the client is refused.");
        }

        handshake.Connection.Items[OptionsKey] = chosen;
        bool isAsked = chosen.ClientCertificateMode != ClientCertificateMode.None;
        return new ValueTask<SslServerAuthenticationOptions>(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _contexts.GetValue(chosen.Identity, static identity => SslStreamCertificateContext.Create(
                identity.Certificate, [.. identity.Intermediates], offline: true)),
            ApplicationProtocols = applicationProtocols(),
            AllowRenegotiation = false,
            ClientCertificateRequired = isAsked,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = isAsked ? (_, certificate, chain, _) => Judge(chosen, serverName, certificate as X509Certificate2, chain) : null,
            AllowTlsResume = chosen.AllowResumption,
        });
    }

    private bool Judge(ServerTlsOptions options, string? serverName, X509Certificate2? leaf, X509Chain? chain)
    {
        if (leaf is null)
        {
            return options.ClientCertificateMode != ClientCertificateMode.Required;
        }

        // What the client sent beside the leaf is in the extra store; the order does not matter to a policy that builds a path.
        var sent = new List<ReadOnlyMemory<byte>> { leaf.RawDataMemory };
        foreach (X509Certificate2 other in chain?.ChainPolicy.ExtraStore ?? [])
        {
            if (!other.RawDataMemory.Span.SequenceEqual(leaf.RawDataMemory.Span))
            {
                sent.Add(other.RawDataMemory);
            }
        }

        return options.ClientCertificatePolicy!.Evaluate(new PeerCertificateContext
        {
            Chain = sent,
            IsServerCertificate = false,
            ServerName = serverName,
            Now = timeProvider.GetUtcNow(),
        }).IsAccepted;
    }
}
