using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>Health and metrics on their own port, while serving and while draining.</summary>
[TestClass]
public sealed class AdminTests : HostTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    [TestMethod]
    public async Task Admin_Serving_EveryPathAnswers()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
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
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        ScriptResult echo = await HostProgram.RunAsync(server.ClientArguments("echo", server.EndPoint, "--message", "x"));
        Assert.AreEqual(ExitCodes.Ok, echo.ExitCode, echo.Everything);
        using var http = new HttpClient { BaseAddress = server.Admin, Timeout = Limit };

        // The stream is counted behind the end of its answer.
        await Waiting.Until(async () => (await http.GetStringAsync("metrics")).Contains("transport_server_stream_duration_seconds_count", StringComparison.Ordinal), "the stream is counted");
        using HttpResponseMessage response = await http.GetAsync("metrics");
        string text = await response.Content.ReadAsStringAsync();

        Assert.AreEqual(MediaTypeHeaderValue.Parse("text/plain; version=0.0.4; charset=utf-8"), response.Content.Headers.ContentType);
        Assert.Contains("transport_server_stream_duration_seconds_count{transport_route=\"echo\",otel_scope_name=\"Net.Server\"} 1\n", text);
        Assert.Contains("service_name=\"net\"", text);
    }

    [TestMethod]
    public async Task Admin_Draining_IsAliveButNotReadyUntilTheLastStreamEnds()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
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

    [TestMethod]
    public async Task Admin_NotNamed_IsPort9090OfLoopback()
    {
        // Whoever has the port, the server cannot: it says which one it wanted.
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            taken.Bind(new IPEndPoint(IPAddress.Loopback, 9090));
            taken.Listen();
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
        }

        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--address", "127.0.0.1", "--port", "0",
            "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"), "--ca", Certificates.PathOf("ca.pem"));

        Assert.AreEqual(ExitCodes.CannotBind, result.ExitCode, result.Everything);
        Assert.Contains("127.0.0.1:9090", result.Error);
        Assert.Contains("for health and metrics", result.Error);
    }
}
