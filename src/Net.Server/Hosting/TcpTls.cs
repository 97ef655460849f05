using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Net.Server;

/// <summary>Gives Kestrel's TCP end points the same TLS options, certificate policy included, that the QUIC engines have.</summary>
/// <param name="selector">Chooses the options of each handshake.</param>
/// <param name="applicationProtocols">Offers the versions of HTTP that are served, and raw streams where there are routes.</param>
/// <param name="timeProvider">The clock for certificate validity.</param>
/// <param name="guard">What ends connections whose client is no longer trusted, if anything does.</param>
internal sealed class TcpTls(ServerTlsSelector selector, Func<List<SslApplicationProtocol>> applicationProtocols, TimeProvider timeProvider, ConnectionGuard? guard = null)
{
    /// <summary>Where a connection keeps the options that its handshake used.</summary>
    internal static readonly object OptionsKey = new();

    private static readonly IPEndPoint Unknown = new(IPAddress.IPv6None, 0);

    internal ValueTask<SslServerAuthenticationOptions> SelectAsync(TlsHandshakeCallbackContext handshake)
    {
        string? serverName = handshake.ClientHelloInfo.ServerName is { Length: > 0 } name ? name : null;
        ServerTlsOptions? chosen = selector(new ClientHello(serverName, handshake.Connection.RemoteEndPoint as IPEndPoint ?? Unknown));
        if (chosen is null)
        {
            throw new AuthenticationException($"There are no TLS options for the name '{PlainText.Clean(serverName)}'; the client is refused.");
        }

        handshake.Connection.Items[OptionsKey] = chosen;
        var client = new HandshakeClient(serverName);
        handshake.Connection.Features.Set(client);
        return new ValueTask<SslServerAuthenticationOptions>(TlsOverTcp.MakeOptions(chosen, serverName, applicationProtocols(), timeProvider, chain => client.Chain = chain));
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

    /// <summary>What the handshake of a connection learnt of its client, kept with the connection.</summary>
    private sealed class HandshakeClient(string? serverName)
    {
        internal string? ServerName { get; } = serverName;

        /// <summary>The chain as the client sent it; empty when it showed none.</summary>
        internal IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; set; } = [];
    }
}
