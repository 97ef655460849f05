using System.Net;
using Net.Chaos.Proxy;

namespace Net.Perf.Chaos;

/// <summary>Makes UDP proxies for measurements.</summary>
internal static class ProxyFactory
{
    /// <summary>A toxic that looks at every datagram and lets it pass: what the path of single datagrams costs.</summary>
    internal static ToxicOptions[] LossOfNothing { get; } =
        [new() { Type = "loss", Stream = ToxicStream.Upstream }, new() { Type = "loss", Stream = ToxicStream.Downstream }];

    internal static async Task<ChaosProxy> StartAsync(IPEndPoint upstream, IEnumerable<ToxicOptions> toxics)
    {
        var proxy = new ChaosProxy(new ChaosProxyOptions { Name = "perf", Upstream = upstream.ToString(), Protocol = ProxyProtocol.Udp });
        await proxy.StartAsync().ConfigureAwait(false);
        foreach (ToxicOptions toxic in toxics)
        {
            await proxy.AddToxicAsync(toxic).ConfigureAwait(false);
        }

        return proxy;
    }
}
