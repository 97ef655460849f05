using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Net.Server;

/// <summary>Gives Kestrel's TCP end points the same TLS options, certificate policy included, that the QUIC engines have.</summary>
/// <param name="selector">Chooses the options of each handshake.</param>
/// <param name="timeProvider">The clock for certificate validity.</param>
/// <param name="guard">What ends connections whose client is no longer trusted, if anything does.</param>
internal sealed class TcpTls(ServerTlsSelector selector, TimeProvider timeProvider, ConnectionGuard? guard = null)
{
    private static readonly IPEndPoint Unknown = new(IPAddress.IPv6None, 0);

    // The context holds the chain that is sent; making one searches stores, so that it is made once. It also holds the keys of session tickets, which end with the options they belong to:
    // a new snapshot of the same identity must not resume what an earlier one let in.
    private readonly ConditionalWeakTable<ServerTlsOptions, SslStreamCertificateContext> _contexts = [];

    internal ValueTask<SslServerAuthenticationOptions> SelectAsync(TlsHandshakeCallbackContext handshake)
    {
        string? serverName = handshake.ClientHelloInfo.ServerName is { Length: > 0 } name ? name : null;
        ServerTlsOptions? chosen = selector(new ClientHello(serverName, handshake.Connection.RemoteEndPoint as IPEndPoint ?? Unknown));
        if (chosen is null)
        {
            throw new AuthenticationException($"There are no TLS options for the name '{serverName}'; the client is refused.");
        }

        var client = new HandshakeClient(serverName);
        handshake.Connection.Features.Set(client);
        bool isAsked = chosen.ClientCertificateMode != ClientCertificateMode.None;
        return new ValueTask<SslServerAuthenticationOptions>(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _contexts.GetValue(chosen, static options => SslStreamCertificateContext.Create(
                options.Identity.Certificate, [.. options.Identity.Intermediates], offline: true)),
            ClientCertificateRequired = isAsked,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = isAsked ? (_, certificate, chain, _) => Judge(chosen, client, certificate as X509Certificate2, chain) : null,
            AllowTlsResume = chosen.AllowResumption,
        });
    }

    /// <summary>Has the client of a connection judged again for as long as the connection is open.</summary>
    internal ConnectionDelegate Watch(ConnectionDelegate next) => guard is null ? next : async connection =>
    {
        using IDisposable? watch = connection.Features.Get<HandshakeClient>() is { Chain.Count: > 0 } client
            ? guard.Watch(new GuardedPeer
            {
                Chain = client.Chain,
                IsServerCertificate = false,
                ServerName = client.ServerName,
                Close = verdict => connection.Abort(new ConnectionAbortedException($"The certificate of the client is no longer accepted: {verdict.Detail}")),
            })
            : null;
        await next(connection).ConfigureAwait(false);
    };

    private bool Judge(ServerTlsOptions options, HandshakeClient client, X509Certificate2? leaf, X509Chain? chain)
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

        client.Chain = sent;
        return options.ClientCertificatePolicy!.Evaluate(new PeerCertificateContext
        {
            Chain = sent,
            IsServerCertificate = false,
            ServerName = client.ServerName,
            Now = timeProvider.GetUtcNow(),
        }).IsAccepted;
    }

    /// <summary>What the handshake of a connection learnt of its client, kept with the connection.</summary>
    private sealed class HandshakeClient(string? serverName)
    {
        internal string? ServerName { get; } = serverName;

        /// <summary>The chain as the client sent it; empty when it showed none.</summary>
        internal IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; set; } = [];
    }
}
