using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.Server.Kestrel;
using Net.Testing;

namespace Net.IntegrationTests.Http3;

/// <summary>Requests in 0-RTT data: sent early when they may be, again when the server says so, and never when they may not (RFC 8470).</summary>
[TestClass]
public sealed class EarlyRequestTests : IAsyncDisposable
{
    private static InteropCertificates s_certificates = null!;
    private readonly WaitableTicketStore _tickets = new();
    private int _earlyRequests;
    private ServerTlsOptions _tls = new() { Identity = s_certificates.Identity("server"), AllowEarlyData = true };
    private HandlerSite? _site;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    public async Task Get_WithATicket_GoesEarly()
    {
        await StartAsync(static _ => StatusCodes.Status200OK);
        await VisitUntilEarlyAsync();
    }

    [TestMethod]
    public async Task Post_WithATicket_WaitsForTheHandshake()
    {
        await StartAsync(static _ => StatusCodes.Status200OK);
        await using HandlerSite second = Visit();
        Assert.AreEqual("late", await PostAsync(second));
    }

    [TestMethod]
    public async Task Get_AnsweredTooEarly_IsSentAgainAfterTheHandshake()
    {
        await StartAsync(static isEarly => isEarly ? 425 : StatusCodes.Status200OK);
        foreach (string answer in await VisitUntilEarlyAsync())
        {
            Assert.AreEqual("late", answer);
        }
    }

    [TestMethod]
    public async Task Get_WhoseEarlyDataIsRefused_IsSentAgain()
    {
        await StartAsync(static _ => StatusCodes.Status200OK);

        // Another snapshot has another ticket key, so that the ticket's session is unknown.
        _tls = new ServerTlsOptions { Identity = s_certificates.Identity("server"), AllowEarlyData = true };
        await using HandlerSite second = Visit();
        for (int i = 0; i < 5; i++)
        {
            Assert.AreEqual("late", await second.Client.GetStringAsync("").WithTimeout());
        }

        Assert.AreEqual("late", await PostAsync(second));
        Assert.AreEqual(1, second.Handler.ConnectionCount);
    }

    public async ValueTask DisposeAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }

    private static async Task<string> PostAsync(HandlerSite site)
    {
        using HttpResponseMessage response = await site.Client.PostAsync("", new StringContent("x")).WithTimeout();
        return await response.Content.ReadAsStringAsync();
    }

    // The handshake may be over before a request is written, so that not every one is early that could be.
    private async Task<List<string>> VisitUntilEarlyAsync()
    {
        var answers = new List<string>();
        using var limit = new CancellationTokenSource(TestDeadline.Limit);
        while (Volatile.Read(ref _earlyRequests) == 0)
        {
            Assert.IsFalse(limit.IsCancellationRequested, $"none of {answers.Count} requests went early");
            await using HandlerSite next = Visit();
            answers.Add(await next.Client.GetStringAsync("").WithTimeout());
            Assert.AreEqual("late", await PostAsync(next));
        }

        return answers;
    }

    // The first visit brings the ticket.
    private async Task StartAsync(Func<bool, int> status)
    {
        _site = await HandlerSite.StartAsync(
            s_certificates,
            app => app.Map("/", async (HttpContext context) =>
            {
                bool isEarly = context.Features.GetRequiredFeature<ITransportStreamFeature>().Stream.IsEarlyData;
                if (isEarly)
                {
                    Interlocked.Increment(ref _earlyRequests);
                }

                context.Response.StatusCode = status(isEarly);
                await context.Response.WriteAsync(isEarly ? "early" : "late");
            }),
            options =>
            {
                options.Identity = null;
                options.Tls = (in ClientHello _) => _tls;
            },
            WithTickets);
        Assert.AreEqual("late", await _site.Client.GetStringAsync("").WithTimeout());
        await _tickets.TicketCame.WithTimeout();
    }

    private HandlerSite Visit() => HandlerSite.Visit(s_certificates, _site!.Site, WithTickets);

    private Http3HandlerOptions WithTickets(Http3HandlerOptions options) => options with { AllowEarlyData = true, Tls = options.Tls with { TicketStore = _tickets } };
}
