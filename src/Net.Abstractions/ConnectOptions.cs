using System.Net;

namespace Net;

/// <summary>What a client says of a connection it opens.</summary>
public sealed record ConnectOptions : TransportOptions
{
    /// <summary>Where to connect: an <see cref="IPEndPoint"/>, or a <see cref="DnsEndPoint"/> whose addresses are tried in turn.</summary>
    /// <remarks>
    /// Prefer a name where the server may move: its addresses are resolved at each connect. Whoever balances over addresses by itself, as a channel does, gives an address and a <see cref="ServerName"/>.
    /// </remarks>
    public required EndPoint RemoteEndPoint { get; init; }

    /// <summary>The name that the server's certificate must hold and that is sent as SNI; <c>null</c> (the default): the host of <see cref="RemoteEndPoint"/>.</summary>
    /// <remarks>Set it when connecting to an address, as certificates seldom hold addresses, and when a proxy stands between. Leave it alone when the host is a name that the certificate holds.</remarks>
    public string? ServerName { get; init; }

    /// <summary>Identity, trust and tickets.</summary>
    /// <remarks>Keep one object for all connections to a server: tickets of one help the next, and an equal trust keeps its cache of verdicts.</remarks>
    public required ClientTlsOptions Tls { get; init; }

    /// <summary>The local address to send from, or <c>null</c> (the default) for any.</summary>
    /// <remarks>Leave it unset but on machines with several networks, where it chooses the way out; port 0 lets the system choose.</remarks>
    public IPEndPoint? LocalEndPoint { get; init; }

    /// <summary>
    /// Offers 0-RTT when a ticket allows it: the connect returns before the server has answered, and streams opened as idempotent send at once. Default <c>false</c>. Engines without <see
    /// cref="EngineCapabilities.EarlyData"/> do a full handshake instead; <see cref="TransportConnection.EarlyData"/> tells.
    /// </summary>
    /// <remarks>Worth it where round trips are long and calls are mostly reads. An attacker may replay such data, so mark as idempotent only what may be done twice.</remarks>
    public bool AllowEarlyData { get; init; }

    /// <summary>The name to put into SNI and to check the certificate against.</summary>
    public string EffectiveServerName => ServerName ?? RemoteEndPoint switch
    {
        DnsEndPoint dns => dns.Host,
        IPEndPoint ip => ip.Address.ToString(),
        _ => RemoteEndPoint.ToString() ?? "",
    };

    /// <summary>The remote port.</summary>
    public int RemotePort => RemoteEndPoint switch
    {
        DnsEndPoint dns => dns.Port,
        IPEndPoint ip => ip.Port,
        _ => 0,
    };

    private protected override void AddFaults(OptionFaults faults)
    {
        if (RemoteEndPoint is not (IPEndPoint or DnsEndPoint))
        {
            faults.Add(nameof(RemoteEndPoint), $"is {RemoteEndPoint?.GetType().Name ?? "null"}; it must be an IPEndPoint or a DnsEndPoint.");
        }
        else if (RemotePort == 0)
        {
            faults.Add(nameof(RemoteEndPoint), "has port 0; name the port to connect to.");
        }

        if (Tls?.ServerCertificatePolicy is null)
        {
            faults.Add(nameof(Tls), "is null or has no ServerCertificatePolicy; a client must be able to judge the server.");
        }
    }
}
