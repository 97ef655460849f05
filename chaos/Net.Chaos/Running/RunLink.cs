using System.Net;
using Net.Chaos.Proxy;

namespace Net.Chaos.Running;

/// <summary>The way from one client to one host: a UDP and a TCP proxy on the same port, or nothing between.</summary>
internal sealed class RunLink(string client, string host, ChaosProxy? udp, ChaosProxy? tcp, string endPoint) : IAsyncDisposable
{
    private const int PortAttempts = 20;

    internal string Client => client;

    internal string Host => host;

    /// <summary>As scenarios call it: client and host with a dash between.</summary>
    internal string Name => Of(client, host);

    /// <summary>Where the client connects to.</summary>
    internal string EndPoint => endPoint;

    internal ChaosProxy? Udp => udp;

    internal ChaosProxy? Tcp => tcp;

    internal static string Of(string client, string host) => $"{client}-{host}";

    /// <summary>Makes a link.</summary>
    /// <param name="client">From.</param>
    /// <param name="host">To.</param>
    /// <param name="upstream">Where the host listens.</param>
    /// <param name="environment">Time and seed of the proxies; <c>null</c>: the client connects to the host itself.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ChaosException">The system gives no port.</exception>
    internal static async Task<RunLink> StartAsync(string client, string host, string upstream, ChaosEnvironment? environment, CancellationToken cancellationToken)
    {
        if (environment is null)
        {
            return new RunLink(client, host, null, null, upstream);
        }

        // QUIC and its fallback share a number, and somebody may have it already on TCP.
        for (int i = 1; ; i++)
        {
            var udp = new ChaosProxy(new ChaosProxyOptions { Name = $"{Of(client, host)}-udp", Upstream = upstream, Protocol = ProxyProtocol.Udp }, environment);
            await udp.StartAsync(cancellationToken).ConfigureAwait(false);
            IPEndPoint at = udp.EndPoint!;
            var tcp = new ChaosProxy(new ChaosProxyOptions { Name = $"{Of(client, host)}-tcp", Upstream = upstream, Protocol = ProxyProtocol.Tcp, Listen = at.ToString() }, environment);
            try
            {
                await tcp.StartAsync(cancellationToken).ConfigureAwait(false);
                return new RunLink(client, host, udp, tcp, at.ToString());
            }
            catch (ChaosException) when (i < PortAttempts)
            {
                await tcp.DisposeAsync().ConfigureAwait(false);
                await udp.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (udp is not null)
        {
            await udp.DisposeAsync().ConfigureAwait(false);
        }

        if (tcp is not null)
        {
            await tcp.DisposeAsync().ConfigureAwait(false);
        }
    }
}
