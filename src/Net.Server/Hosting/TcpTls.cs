using System.Net;
using System.Net.Security;
using System.Security.Authentication;
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

    internal ValueTask<SslServerAuthenticationOptions> SelectAsync(TlsHandshakeCallbackContext handshake)
    {
        string? serverName = handshake.ClientHelloInfo.ServerName is { Length: > 0 } name ? name : null;
        ServerTlsOptions? chosen = selector(new ClientHello(serverName, handshake.Connection.RemoteEndPoint as IPEndPoint ?? Unknown));
        if (chosen is null)
        {
            throw new AuthenticationException($"There are no TLS options for the name '{serverName}'; the client is refused.");
        }

        handshake.Connection.Items[OptionsKey] = chosen;
        return new ValueTask<SslServerAuthenticationOptions>(TlsOverTcp.MakeOptions(chosen, serverName, applicationProtocols(), timeProvider));
    }
}
