using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>Health and metrics on their own port, while serving and while draining.</summary>
[TestClass]
public sealed class AdminTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static MadeCertificates s_certificates = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        await HostProgram.RequireEngineAsync();
        s_certificates = new MadeCertificates();
        await s_certificates.MakeAsync();
    }

    [ClassCleanup]
    public static void Clean() => s_certificates?.Dispose();

    [TestMethod]
    public async Task Admin_Serving_EveryPathAnswers()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates);
        using var http = new HttpClient { BaseAddress = server.Admin, Timeout = Limit };

        Assert.AreEqual("alive\n", await http.GetStringAsync("livez"));
        Assert.AreEqual("alive\n", await http.GetStringAsync("healthz"));
        Assert.AreEqual("ready\n", await http.GetStringAsync("readyz"));
        using JsonDocument health = JsonDocument.Parse(await http.GetStringAsync("health"));
        Assert.AreEqual("serving", health.RootElement.GetProperty("status").GetString());
        Assert.AreEqual(0, health.RootElement.GetProperty("callsInFlight").GetInt32());
        using HttpResponseMessage other = await http.GetAsync("other");
        Assert.AreEqual(HttpStatusCode.NotFound, other.StatusCode);
    }

    [TestMethod]
    public async Task Metrics_AfterAnEcho_CountItsStream()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates);
        ScriptResult echo = await HostProgram.RunAsync(server.ClientArguments("echo", server.EndPoint, "--message", "x"));
        Assert.AreEqual(ExitCodes.Ok, echo.ExitCode, echo.Everything);
        using var http = new HttpClient { BaseAddress = server.Admin, Timeout = Limit };

        using HttpResponseMessage response = await http.GetAsync("metrics");
        string text = await response.Content.ReadAsStringAsync();

        Assert.AreEqual(MediaTypeHeaderValue.Parse("text/plain; version=0.0.4; charset=utf-8"), response.Content.Headers.ContentType);
        Assert.Contains("transport_server_stream_duration_seconds_count{transport_route=\"echo\",otel_scope_name=\"Net.Server\"} 1\n", text);
        Assert.Contains("service_name=\"net\"", text);
    }

    [TestMethod]
    public async Task Admin_Draining_IsAliveButNotReadyUntilTheLastStreamEnds()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates);
        await using ConnectedClient client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("before");
        using var http = new HttpClient { BaseAddress = server.Admin, Timeout = Limit };

        server.Terminate();
        await server.WaitForAsync("Stopping");

        using (HttpResponseMessage ready = await http.GetAsync("readyz"))
        {
            Assert.AreEqual(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.AreEqual("draining\n", await ready.Content.ReadAsStringAsync());
        }

        using (HttpResponseMessage health = await http.GetAsync("health"))
        {
            Assert.AreEqual(HttpStatusCode.ServiceUnavailable, health.StatusCode);
            using JsonDocument json = JsonDocument.Parse(await health.Content.ReadAsStringAsync());
            Assert.AreEqual("draining", json.RootElement.GetProperty("status").GetString());
            Assert.AreEqual(1, json.RootElement.GetProperty("streamsInFlight").GetInt32());
        }

        Assert.AreEqual("alive\n", await http.GetStringAsync("livez"));
        await client.Stream.Output.CompleteAsync();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());
    }
}
