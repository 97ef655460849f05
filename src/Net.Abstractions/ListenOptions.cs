using System.Collections.ObjectModel;
using System.Net;

namespace Net;

/// <summary>What a server says of the port it listens on.</summary>
public sealed record ListenOptions : TransportOptions
{
    /// <summary>The address and port to bind; port 0 lets the system choose. An IPv6 any-address also takes IPv4.</summary>
    /// <remarks>Bind one address to serve one network; an any-address serves all. Port 0 is for tests.</remarks>
    public required IPEndPoint LocalEndPoint { get; init; }

    /// <summary>Chooses the TLS options of each handshake, so that rotation needs no restart.</summary>
    /// <remarks>Read a snapshot that is swapped whole when certificates change, and do nothing slow: it is asked while the client waits.</remarks>
    public required ServerTlsSelector Tls { get; init; }

    /// <summary>Connections that may be open at once; further ones are refused with CONNECTION_REFUSED (RFC 9000, section 20.1). Default 1,000; range 1 to 10^6.</summary>
    /// <remarks>
    /// Size it by memory: idle connections cost tens of kilobytes each, busy ones up to <see cref="TransportLimits.ConnectionReceiveWindow"/>. Behind a balancer, leave room for the load of a neighbour
    /// that fails.
    /// </remarks>
    public int MaxConnections { get; init; } = 1000;

    /// <summary>Handshakes that may be under way at once; further ones are refused. Default 1,000; range 1 to 10^6.</summary>
    /// <remarks>A handshake costs a signature. Raise it where thousands of clients reconnect at once and processors are free; lower it where handshakes starve calls.</remarks>
    public int MaxHandshakes { get; init; } = 1000;

    /// <summary>With more handshakes under way than this, clients must prove their address by a Retry first (RFC 9000, section 8.1.2). Default 100; 0 asks always; range 0 to 10^6.</summary>
    /// <remarks>A Retry costs clients one round trip and this side nothing. Choose 0 on open networks under attack, a large number where all clients are known.</remarks>
    public int RetryThreshold { get; init; } = 100;

    /// <summary>Accepted connections that wait for <see cref="TransportListener.AcceptAsync"/>; further ones are refused. Default 512; range 1 to 65,536.</summary>
    /// <remarks>It only has to outlast a pause of whoever accepts. A full one tells of an accept loop that is stuck, which a longer one would hide.</remarks>
    public int Backlog { get; init; } = 512;

    /// <summary>
    /// By application protocol, the error code with which a connection is closed whose peer goes over <see cref="TransportLimits.MaxResetsPerSecond"/> or another limit of work, such as H3_EXCESSIVE_LOAD
    /// of <c>h3</c> (RFC 9114, section 8.1). Connections of protocols that are not named are closed with the transport's PROTOCOL_VIOLATION. Default: empty; codes 0 to 2^62-1. Engines that leave the
    /// limits to their native library do not use it.
    /// </summary>
    /// <remarks>Name each protocol that has such a code, so that its clients learn that they were too fast, and not that they were wrong.</remarks>
    public IReadOnlyDictionary<string, long> ExcessiveLoadErrorCodes { get; init; } = ReadOnlyDictionary<string, long>.Empty;

    /// <summary>
    /// 32 secret bytes from which stateless reset tokens and address validation tokens are derived; empty (the default): random for each listener. A server that keeps it over a restart can reset the
    /// connections it has forgotten (RFC 9000, section 10.3).
    /// </summary>
    /// <remarks>
    /// Set it, from a secret that outlives the process and is shared by all servers behind one address: clients then learn at once that a restarted server has forgotten them, and need not wait for their
    /// idle timeout.
    /// </remarks>
    public ReadOnlyMemory<byte> StaticSecret { get; init; }

    private protected override void AddFaults(OptionFaults faults)
    {
        if (LocalEndPoint is null)
        {
            faults.Add(nameof(LocalEndPoint), "is null; name the address and port to bind.");
        }

        if (Tls is null)
        {
            faults.Add(nameof(Tls), "is null; a server needs a certificate.");
        }

        faults.Range(nameof(MaxConnections), MaxConnections, 1, 1_000_000);
        faults.Range(nameof(MaxHandshakes), MaxHandshakes, 1, 1_000_000);
        faults.Range(nameof(RetryThreshold), RetryThreshold, 0, 1_000_000);
        faults.Range(nameof(Backlog), Backlog, 1, 65536);
        if (ExcessiveLoadErrorCodes is null)
        {
            faults.Add(nameof(ExcessiveLoadErrorCodes), "is null; leave it empty for the transport's code.");
        }
        else
        {
            foreach ((string protocol, long code) in ExcessiveLoadErrorCodes)
            {
                faults.Range($"{nameof(ExcessiveLoadErrorCodes)}[{protocol}]", code, 0, ErrorCodes.Max);
            }
        }

        if (StaticSecret.Length is not (0 or 32))
        {
            faults.Add(nameof(StaticSecret), $"has {StaticSecret.Length} bytes; it must be empty or have 32.");
        }
    }
}
