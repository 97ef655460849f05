using System.Diagnostics;
using System.Net;
using System.Net.Http;
using Net.Http3;
using Net.IntegrationTests.Ngtcp2;
using Net.Ngtcp2;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>
/// Connections that open, call once and close just as the response is complete. A server that takes locks in two orders at that moment, its connection's and its stream's, stands still in some of
/// a thousand; ours must not.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class ShortConnectionTests
{
    private const int Connections = 4000;
    private const int Lanes = 4;
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Starved = TimeSpan.FromSeconds(1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Connections_ThatCallOnceAndClose_AreNeverStalled()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using var engine = new Ngtcp2Engine();
        using var heartbeat = new Heartbeat();
        var longest = new TimeSpan[Lanes];

        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Task.Run(async () =>
        {
            for (int i = lane; i < Connections; i += Lanes)
            {
                long start = Stopwatch.GetTimestamp();
                await (i % 2 == 0 ? CallByHandAsync(engine, site) : CallByHandlerAsync(engine, site));
                TimeSpan took = Stopwatch.GetElapsedTime(start);
                longest[lane] = took > longest[lane] ? took : longest[lane];
            }
        })));

        TestContext.WriteLine($"{Connections} connections, the longest {longest.Max().TotalMilliseconds:0} ms; the thread pool was late by {heartbeat.Longest.TotalMilliseconds:0} ms at most.");
        await site.QuietAsync();

        // A machine that does not let us run says nothing of the server.
        Assert.IsTrue(longest.Max() < Stall || heartbeat.Longest > Starved, $"A connection took {longest.Max()}.");
    }

    private static async Task CallByHandAsync(TransportEngine engine, BesiegedSite site)
    {
        await using Http3Peer peer = await Http3Peer.StartAsync(await BesiegedSite.ConnectAsync(engine, site.EndPoint));
        var exchange = await Outcome.BeginGetAsync(peer, "/hello");
        await exchange.ReadHeadersAsync();

        // With the rest of the response still on its way, or just there.
        await peer.Connection.CloseAsync(0x100).WithTimeout();
    }

    private static async Task CallByHandlerAsync(TransportEngine engine, BesiegedSite site)
    {
        Http3Handler handler = HonestClient.NewHandler(engine);
        await using (handler)
        {
            using var http = new HttpClient(handler, disposeHandler: false) { DefaultRequestVersion = HttpVersion.Version30, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
            Assert.AreEqual(BesiegedSite.Hello, await http.GetStringAsync(new Uri($"https://localhost:{site.EndPoint.Port}/hello")).WithTimeout());
        }
    }

    /// <summary>Notes how late the thread pool runs what is due.</summary>
    private sealed class Heartbeat : IDisposable
    {
        private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);
        private readonly Timer _timer;
        private long _last = Stopwatch.GetTimestamp();
        private long _longest;

        internal Heartbeat() => _timer = new Timer(static state => ((Heartbeat)state!).Note(), this, Beat, Beat);

        internal TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longest));

        public void Dispose() => _timer.Dispose();

        private void Note()
        {
            long late = Stopwatch.GetElapsedTime(Interlocked.Exchange(ref _last, Stopwatch.GetTimestamp())).Ticks;
            if (late > Interlocked.Read(ref _longest))
            {
                Interlocked.Exchange(ref _longest, late);
            }
        }
    }
}
