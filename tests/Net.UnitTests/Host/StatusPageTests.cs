using Net.Hosting.Pages;
using Net.Hosting.Serving;

namespace Net.UnitTests.Host;

[TestClass]
public sealed class StatusPageTests
{
    private const string Evil = "<script>alert('&\"1')</script>";

    [TestMethod]
    public void Render_MarkupInEveryText_IsEscaped()
    {
        string html = StatusPage.Render(new StatusReport
        {
            Version = Evil,
            Runtime = Evil,
            Status = Evil,
            Engine = Evil,
            MissingEngine = Evil,
            Ports = [new ServedPort("UDP", Evil, [Evil])],
            RawStreams = [Evil],
            Services = new Dictionary<string, IReadOnlyList<string>> { [Evil] = [Evil] },
            Certificate = new ServedCertificate(Evil, [Evil], DateTimeOffset.UnixEpoch, 3, Evil),
            ClientCertificates = Evil,
            CallsInFlight = 1,
            StreamsInFlight = 2,
            Totals = new ActivityTotals(3, 4, 5, 6, 7, 20_000_000, 100_000),
            ConnectionCount = 2,
            Connections = [new ServedConnection { Id = 9, Protocol = Evil, Peer = Evil, PeerCertificate = Evil, RttMilliseconds = 1.5 }],
            You = Evil,
            Examples = [Evil],
        });

        Assert.DoesNotContain("<script", html);
        Assert.AreEqual(20, html.Split("&lt;script&gt;").Length - 1, html);
        Assert.Contains("3 days left: renew it soon", html);
        Assert.Contains("1 d 3 h", html);
        Assert.Contains("1.50 ms", html);
        Assert.Contains("20 MB", html);
        Assert.Contains("The first 1 are shown.", html);
    }
}
