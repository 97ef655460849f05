using System.Net;
using System.Net.Http;
using Net.Channels;
using Net.Client;
using Net.IntegrationTests.Interop;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>What a channel does of itself, without a word of its user's.</summary>
[TestClass]
public sealed class ChannelDefaultsTests
{
    private static InteropCertificates s_certificates = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    public async Task Channel_WithNothingSaid_RetriesByIdempotencyAndCutsOffWhatKeepsFailing()
    {
        int asked = 0;
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates, status: () => Interlocked.Increment(ref asked) == 2 ? 200 : 503);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).Build();
        using HttpClient http = channel.CreateHttpClient();

        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(http, HttpMethod.Get));
        Assert.AreEqual(2, site.Requests, "An idempotent call is sent again.");
        for (int i = 0; i < 5; i++)
        {
            Assert.AreEqual(HttpStatusCode.ServiceUnavailable, await StatusAsync(http, HttpMethod.Post));
        }

        Assert.AreEqual(7, site.Requests, "Another is not.");
        Assert.AreEqual(BreakerState.Open, channel.GetSnapshot().EndPoints.Single().Breaker);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, HttpMethod method)
    {
        using var request = new HttpRequestMessage(method, "/status");
        using HttpResponseMessage response = await http.SendAsync(request).WithTimeout();
        return response.StatusCode;
    }
}
