using System.Net;
using Microsoft.AspNetCore.Builder;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.Ngtcp2;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Kestrel;

/// <summary>Priorities from HttpClient over our handler to the order in which Kestrel's responses leave the ngtcp2 engine. The line is narrow: the client grants one small window for all its streams.</summary>
[TestClass]
public sealed class PriorityTests
{
    private const int Window = 64 << 10;
    private const int Bulk = 32 * Window;

    [TestMethod]
    public async Task UrgentResponse_AskedForLater_ComesFirst()
    {
        InteropRequirement.Engine();
        using InteropCertificates certificates = await InteropCertificates.MakeAsync();
        using var written = new SemaphoreSlim(0);
        await using KestrelSite site = await KestrelSite.StartAsync(
            certificates,
            application => application.MapGet("/bulk", async context =>
            {
                // All of it waits in the stream's buffer.
                await context.Response.Body.WriteAsync(new byte[Bulk]);
                written.Release();
            }),
            static options => options.Transport.Limits = TransportLimits.Default with { StreamSendBuffer = 2 * Bulk, StreamUnsentBuffer = 2 * Bulk });
        await using var engine = new Ngtcp2Engine();
        await using var handler = new Http3Handler(new Http3HandlerOptions
        {
            Engine = engine,
            Tls = new ClientTlsOptions { ServerCertificatePolicy = certificates.Trust },
            Limits = TransportLimits.Default with { ConnectionReceiveWindow = Window, StreamReceiveWindow = 2 * Bulk },
        });
        using var client = new HttpClient(handler, disposeHandler: false) { BaseAddress = new Uri($"https://localhost:{site.Port}") };
        using HttpResponseMessage bulk = await AskAsync(client, new StreamPriority(7, incremental: false));
        Assert.IsTrue(await written.WaitAsync(TestDeadline.Limit));

        // Its headers wait for credit, too, which reading the first gives.
        Task<HttpResponseMessage> asking = AskAsync(client, new StreamPriority(0, incremental: false));
        Assert.IsTrue(await written.WaitAsync(TestDeadline.Limit));

        long others = 0;
        long othersThen = 0;
        long came = 0;
        Task<long> reading = ReadAsync(bulk, count => Interlocked.Add(ref others, count));
        using HttpResponseMessage urgent = await asking;

        // Looked at while half of the urgent response is still to come: once all of it was sent the other goes on, however late this side is told of the end.
        Assert.AreEqual(Bulk, await ReadAsync(urgent, count =>
        {
            came += count;
            othersThen = came <= Bulk / 2 ? Interlocked.Read(ref others) : othersThen;
        }));

        Assert.AreEqual(Bulk, await reading);
        Assert.IsLessThan(Bulk / 4, othersThen, "So much of the other response came before half of the urgent one had.");
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient client, StreamPriority priority)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/bulk") { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Options.Set(Http3RequestOptions.Priority, priority);
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WithTimeout();
    }

    private static async Task<long> ReadAsync(HttpResponseMessage response, Action<long> count)
    {
        await using Stream body = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[Window];
        long total = 0;
        while (await body.ReadAsync(buffer).WithTimeout() is int read and > 0)
        {
            total += read;
            count(read);
        }

        return total;
    }
}
