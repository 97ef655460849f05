using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Hosting;
using Net.Hosting.Certificates;
using Net.Hosting.CommandLine;
using Net.Hosting.Engines;
using Net.Hosting.Services;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary><c>net top</c> beside a program with a channel, with a channel of its own, and where nobody answers.</summary>
[TestClass]
public sealed class TopTests : HostTest
{
    [TestMethod]
    public async Task Top_RunningProgram_ShowsItsChannelLiveAndThatItIsGone()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        await using ClientChannel channel = new NetChannelBuilder(server.EndPoint).UseName("orders").UseTls(ClientTlsSource.Fixed(new ClientTlsOptions
        {
            Identity = CertificateFiles.LoadIdentity(Certificates.PathOf("client.pem"), Certificates.PathOf("client-key.pem"), DateTimeOffset.UtcNow),
            ServerCertificatePolicy = CertificateFiles.LoadTrust(Certificates.PathOf("ca.pem")),
        })).AddCircuitBreaker().Build();
        using GrpcClient client = channel.CreateGrpcClient();
        WebApplication program = await ServeReportAsync();
        using var terminal = new FakeTerminal();
        using var host = new HostCommands(context => context with { Terminal = terminal });
        Task<int> top = host.RunAsync(["top", program.Urls.Single(), "--interval", "100ms"]);

        await terminal.WaitForAsync(static screen => screen.Contains("orders: open, 0 in flight, 0 waiting", StringComparison.Ordinal));
        Assert.IsTrue(terminal.IsOpen);
        await client.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "x" });
        string connected = await terminal.WaitForAsync(static screen => screen.Contains(" h3 ", StringComparison.Ordinal));
        Assert.Contains(server.EndPoint, connected);
        Assert.Contains("closed", connected);

        terminal.Press('c');
        await terminal.WaitForAsync(static screen => screen.Contains("h3 over quic, ready", StringComparison.Ordinal));
        terminal.Resize(30, 6);
        string small = await terminal.WaitForAsync(static screen => !screen.Contains("BREAKER", StringComparison.Ordinal));
        Assert.IsLessThanOrEqualTo(6, small.Split('\n').Length, small);
        terminal.Resize(160, 40);

        await program.DisposeAsync();
        await terminal.WaitForAsync(static screen => screen.Contains("does not answer", StringComparison.Ordinal) && screen.Contains("orders: open", StringComparison.Ordinal));
        Assert.IsFalse(top.IsCompleted);
        terminal.Press('q');
        Assert.AreEqual(ExitCodes.Ok, await top.WithTimeout());
        Assert.IsFalse(terminal.IsOpen);
        Assert.AreEqual("", host.Error);
    }

    [TestMethod]
    public async Task Top_ChannelOfItsOwn_CallsAtItsRateUntilItIsToldToQuit()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        using var terminal = new FakeTerminal();
        using var host = new HostCommands(context => context with { Terminal = terminal });
        Task<int> top = host.RunAsync(server.ClientArguments("top", "--endpoint", server.EndPoint, "--rate", "50", "--interval", "100ms"));

        await terminal.WaitForAsync(screen => screen.Contains("top: open", StringComparison.Ordinal) && screen.Contains(server.EndPoint, StringComparison.Ordinal)
            && !screen.Contains(" 0.0 calls/s", StringComparison.Ordinal) && !screen.Contains(" - calls/s", StringComparison.Ordinal));
        terminal.Press('q');

        Assert.AreEqual(ExitCodes.Ok, await top.WithTimeout());
        using var http = new HttpClient { BaseAddress = server.Admin };

        // A call is counted behind its answer.
        var counted = new System.Text.RegularExpressions.Regex("rpc_server_call_duration_seconds_count\\{[^}]*Echo[^}]*\\} [1-9]");
        await Waiting.Until(async () => counted.IsMatch(await http.GetStringAsync("metrics")), "the server counts a call");
    }

    [TestMethod]
    public async Task Top_OutputOfAProcess_IsPrintedOnceAsTextOrJson()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);

        ScriptResult text = await HostProgram.RunAsync(server.ClientArguments("top", "--endpoint", server.EndPoint, "--interval", "100ms"));
        Assert.AreEqual(ExitCodes.Ok, text.ExitCode, text.Everything);
        Assert.Contains("ENDPOINT", text.Output);
        Assert.Contains(server.EndPoint, text.Output);
        Assert.IsFalse(text.Output.Contains('\e'), text.Output);

        ScriptResult json = await HostProgram.RunAsync(server.ClientArguments("top", "--endpoint", server.EndPoint, "--rate", "0", "--interval", "100ms", "--json"));
        Assert.AreEqual(ExitCodes.Ok, json.ExitCode, json.Everything);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement channel = document.RootElement.GetProperty("channels")[0];
        Assert.AreEqual("Open", channel.GetProperty("state").GetString());
        Assert.AreEqual(0, channel.GetProperty("callsPerSecond").GetDouble());
        Assert.AreEqual(server.EndPoint, channel.GetProperty("endPoints")[0].GetProperty("address").GetString());

        // A server calls nobody.
        ScriptResult none = await HostProgram.RunAsync("top", server.Admin.ToString(), "--once", "--interval", "100ms");
        Assert.AreEqual(ExitCodes.Ok, none.ExitCode, none.Everything);
        Assert.Contains("has no channel", none.Output);
    }

    [TestMethod]
    public async Task Top_NobodyOrSomethingElse_FailsWithAReason()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        using var terminal = new FakeTerminal();
        using var host = new HostCommands(context => context with { Terminal = terminal });

        Assert.AreEqual(ExitCodes.Failure, await host.RunAsync(["top", server.Admin + "nothing"]));
        Assert.Contains("does not exist", host.Error);
        Assert.AreEqual(ExitCodes.Failure, await host.RunAsync(["top", server.Admin + "health"]));
        Assert.Contains("no report of channels", host.Error);
        Assert.AreEqual(ExitCodes.Failure, await host.RunAsync(["top", "http://127.0.0.1:1", "--once"]));
        Assert.Contains("does not answer", host.Error);
        Assert.AreEqual(ExitCodes.Usage, await host.RunAsync(["top", "--rate", "5"]));
        Assert.AreEqual(ExitCodes.Usage, await host.RunAsync(["top", "http://127.0.0.1:1", "--endpoint", "a:1"]));
        Assert.AreEqual(ExitCodes.Usage, await host.RunAsync(["top", "--interval", "1ms"]));
    }

    private static async Task<WebApplication> ServeReportAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication program = builder.Build();
        program.MapGet(ChannelsReport.Path, static () => Results.Bytes(ChannelsReport.ToJson(), ChannelsReport.ContentType));
        await program.StartAsync();
        return program;
    }
}
