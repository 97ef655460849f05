using System.Net;
using Net.IntegrationTests.Ngtcp2;
using Net.Ngtcp2;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Requests that are begun by the hundred on each of many connections and then left.</summary>
[TestClass]
[DoNotParallelize]
public sealed class HalfOpenRequestTests
{
    private const int Connections = 20;
    private const int Streams = 100;
    private const long MemoryPerRequest = 128 << 10;
    private const long MemoryTolerance = 40 << 20;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Requests_LeftByClientsThatVanish_EndWithTheIdleTimeout()
    {
        // Only the idle timeout may end the connections, and it must not while they are filled: bodies that stand still for Kestrel's five seconds would be another reason.
        await using BesiegedSite site = await BesiegedSite.StartAsync(
            TestContext,
            static limits => limits.MinRequestBodyDataRate = null,
            static transport =>
            {
                transport.IdleTimeout = TimeSpan.FromSeconds(8);
                transport.KeepAliveInterval = TimeSpan.FromSeconds(1);
            });
        await FillAsync(site, 1);
        await site.QuietAsync();
        long before = Memory.ManagedBytes();

        await FillAsync(site, Connections, () =>
        {
            long held = Memory.ManagedBytes() - before;
            TestContext.WriteLine($"{Connections * Streams} requests hold {held} bytes on both sides.");
            Assert.IsLessThan(Connections * Streams * MemoryPerRequest, held);
            Assert.AreEqual(Connections + 1, site.Connections);
        });

        await site.QuietAsync();
        await Waiting.Until(() => Memory.ManagedBytes() - before < MemoryTolerance, "the heap is as it was");
    }

    // Through a relay that ends in the middle, so that the clients seem to have lost their power.
    private static async Task FillAsync(BesiegedSite site, int connections, Action? whenFull = null)
    {
        await using var engine = new Ngtcp2Engine();
        await using (var relay = new VanishingRelay(site.EndPoint))
        {
            await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => FillConnectionAsync(engine, relay.EndPoint)));
            await site.Honest.ServedAsync();
            whenFull?.Invoke();
        }

        await site.Honest.ServedAsync();
    }

    private static async Task FillConnectionAsync(Ngtcp2Engine engine, IPEndPoint server)
    {
        Http3Peer peer = await Http3Peer.StartAsync(await BesiegedSite.ConnectAsync(engine, server));
        byte[] request = Http3Bytes.Request("POST", "/take", ("x-some", new string('v', 1000)));
        for (int i = 1; i < Streams; i++)
        {
            Http3Exchange exchange = await peer.OpenAsync();
            await exchange.SendAsync((i % 3) switch
            {
                0 => request[..500],
                1 => request,
                _ => [.. request, .. Http3Bytes.Frame(Http3Bytes.Data, new byte[500])],
            });
        }

        // The answer tells that the server has the others.
        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
    }
}
