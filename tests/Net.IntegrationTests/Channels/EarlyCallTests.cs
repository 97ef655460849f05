using System.Net.Http;
using Net.Channels;
using Net.Client;
using Net.IntegrationTests.Interop;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>Calls that come to a channel without a connection: what may be repeated travels in the first flight of the new one.</summary>
[TestClass]
public sealed class EarlyCallTests
{
    private static InteropCertificates s_certificates = null!;
    private static ServerTlsOptions s_tls = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
        s_tls = new ServerTlsOptions { Identity = s_certificates.Identity("server"), AllowEarlyData = true };
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    public async Task FirstCall_OfALaterConnection_GoesEarlyWhenItMayBeRepeatedAndNeverOtherwise()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(
            s_certificates,
            static options =>
            {
                options.Identity = null;
                options.Tls = static (in ClientHello _) => s_tls;
            });
        var tickets = new WaitableTicketStore();
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site)
            .UseSessionTickets(tickets)
            .UseEarlyData()
            .UsePool(PoolOptions.Default with { MinConnections = 0, MaxConnections = 1, ConnectBackoff = TimeSpan.FromMilliseconds(1), MaxConnectBackoff = TimeSpan.FromMilliseconds(10) })
            .Build();
        using HttpClient http = channel.CreateHttpClient();
        Assert.AreEqual("late", await http.GetStringAsync("/early").WithTimeout(), "The first connection has no ticket.");
        await tickets.TicketCame.WithTimeout();

        // The handshake may be over before the call is written, so that not every one is early that could be.
        int visits = 0;
        using var limit = new CancellationTokenSource(TestDeadline.Limit);
        string answer;
        do
        {
            Assert.IsFalse(limit.IsCancellationRequested, $"none of {visits} calls went early");
            visits++;
            await LoseConnectionAsync(channel);
            answer = await http.GetStringAsync("/early").WithTimeout();
        }
        while (answer != "early");

        TestContext.WriteLine($"{visits} connections until a call went early");
        for (int i = 0; i < 5; i++)
        {
            await LoseConnectionAsync(channel);
            using HttpResponseMessage response = await http.PostAsync("/early", new StringContent("x")).WithTimeout();
            Assert.AreEqual("late", await response.Content.ReadAsStringAsync().WithTimeout());
        }
    }

    private static async Task LoseConnectionAsync(ClientChannel channel)
    {
        Task<ConnectionClose> closed;
        using (ChannelLease lease = await channel.Pool.RentAsync(channel.HttpProtocol, default, CancellationToken.None).AsTask().WithTimeout())
        {
            closed = lease.Session.Closed;
            lease.Session.Drain();
        }

        await closed.WithTimeout();
    }
}
