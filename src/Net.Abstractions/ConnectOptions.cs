using System.Net;

namespace Net;

/// <summary>What a client says of a connection it opens.</summary>
public sealed record ConnectOptions : TransportOptions
{
    /// <summary>Where to connect: an <see cref="IPEndPoint"/>, or a <see cref="DnsEndPoint"/> whose addresses are tried in turn.</summary>
    public required EndPoint RemoteEndPoint { get; init; }

    /// <summary>The name that the server's certificate must hold and that is sent as SNI; <c>null</c> (the default): the host of <see cref="RemoteEndPoint"/>.</summary>
    public string? ServerName { get; init; }

    /// <summary>Identity, trust and tickets.</summary>
    public required ClientTlsOptions Tls { get; init; }

    /// <summary>The local address to send from, or <c>null</c> (the default) for any.</summary>
    public IPEndPoint? LocalEndPoint { get; init; }

    /// <summary>
    /// Offers 0-RTT when a ticket allows it: the connect returns before the server has answered, and streams opened as idempotent send at once. Default <c>false</c>.
    /// Engines without <see cref="EngineCapabilities.EarlyData"/> do a full handshake instead; <see cref="TransportConnection.EarlyData"/> tells.
    /// </summary>
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
