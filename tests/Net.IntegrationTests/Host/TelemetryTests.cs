using System.Text.RegularExpressions;
using Net.Hosting;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>Where the signals of <c>net serve</c> go: to a collector when one is named, else to the terminal in sum.</summary>
[TestClass]
public sealed partial class TelemetryTests
{
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
    public async Task Serve_WithACollector_SendsItsTracesAndMetrics()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        var environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "net-under-test",
        };
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates, environment);

        await EchoAsync(server);
        server.Terminate();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync(), server.Output);

        string traces = collector.Received("traces");
        Assert.Contains("net-under-test", traces);
        Assert.Contains("transport.stream", traces);
        Assert.Contains("transport.route", traces);
        string metrics = collector.Received("metrics");
        Assert.Contains("net-under-test", metrics);
        Assert.Contains("transport.server.stream.duration", metrics);
        Assert.DoesNotContain("Served in", server.Output);
    }

    [TestMethod]
    public async Task Serve_CollectorIsNotThere_EndsAllTheSame()
    {
        // Port 9 is the discard service's, which nobody runs.
        var environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        };
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates, environment);

        await EchoAsync(server);
        server.Terminate();

        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync(), server.Output);
    }

    [TestMethod]
    public async Task Serve_WithoutACollector_SaysInSumWhatItDid()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates);

        await EchoAsync(server);
        await EchoAsync(server);
        server.Terminate();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync(), server.Output);

        Match sum = Sum().Match(server.Output);
        Assert.IsTrue(sum.Success, server.Output);
        Assert.AreEqual("0", sum.Groups["calls"].Value);
        Assert.AreEqual("2", sum.Groups["streams"].Value);
        Assert.IsGreaterThan(1000, long.Parse(sum.Groups["came"].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task EchoAsync(ServeProcess server)
    {
        ScriptResult echo = await HostProgram.RunAsync(server.ClientArguments("echo", server.EndPoint, "--message", "x"));
        Assert.AreEqual(ExitCodes.Ok, echo.ExitCode, echo.Everything);
    }

    [GeneratedRegex(@"Served in [\d.]+ s: (?<calls>\d+) calls \(0 failed\), (?<streams>\d+) raw streams \(0 failed\); over QUIC (?<came>\d+) bytes came")]
    private static partial Regex Sum();
}
