using System.Diagnostics;
using System.Text.RegularExpressions;
using Net.Grpc;
using Net.Hosting;
using Net.Hosting.Services;
using Net.IntegrationTests.Setup;
using Net.Protocol.Crypto;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>Where the signals of <c>net serve</c> go: to a collector when one is named, else to the terminal in sum.</summary>
[TestClass]
public sealed partial class TelemetryTests : HostTest
{
    [TestMethod]
    public async Task Serve_WithACollector_SendsItsTracesAndMetrics()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using ServeProcess server = await StartAsync(collector.Address);

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
    public async Task Serve_WithACollector_SendsACallsSpanInItsClientsTrace()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using ServeProcess server = await StartAsync(collector.Address);
        string trace = ActivityTraceId.CreateRandom().ToHexString();
        string parent = ActivitySpanId.CreateRandom().ToHexString();
        await using (ServeClient client = await ServeClient.StartAsync(server))
        {
            // As a client of any make says it (W3C Trace Context, section 3.2).
            var options = new GrpcCallOptions { Headers = new GrpcMetadata { { "traceparent", $"00-{trace}-{parent}-01" } } };
            await client.Grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "x" }, options).WithTimeout();
            GrpcException failed = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
                client.Grpc.UnaryAsync(CryptoMethods.Sign, new SignRequest { Algorithm = (SignatureAlgorithm)99 }, options).WithTimeout());
            Assert.AreEqual(GrpcStatusCode.InvalidArgument, failed.Code);
        }

        server.Terminate();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync(), server.Output);

        OtlpSpan echo = collector.Spans.Single(static span => span.Name == "echo.EchoService/Echo");
        Assert.AreEqual(trace, echo.TraceId);
        Assert.AreEqual(OtlpSpan.KindServer, echo.Kind);
        Assert.AreEqual("grpc", echo.Attributes["rpc.system.name"]);
        Assert.AreEqual("echo.EchoService/Echo", echo.Attributes["rpc.method"]);
        Assert.AreEqual("OK", echo.Attributes["rpc.response.status_code"]);
        OtlpSpan sign = collector.Spans.Single(static span => span.Name == "crypto.CryptoService/Sign");
        Assert.AreEqual("INVALID_ARGUMENT", sign.Attributes["rpc.response.status_code"]);

        // ASP.NET Core's span of the request may stand between the two.
        foreach (OtlpSpan span in (OtlpSpan[])[echo, sign])
        {
            string[] ancestors = [.. Ancestors(collector.Spans, span)];
            Assert.AreEqual(parent, ancestors[^1], $"The client's span is none of those above the server's: {string.Join(", ", ancestors)}");
        }

        string metrics = collector.Received("metrics");
        Assert.Contains("rpc.server.call.duration", metrics);
        Assert.Contains("rpc.method", metrics);
        Assert.Contains("echo.EchoService/Echo", metrics);
        Assert.Contains("INVALID_ARGUMENT", metrics);
    }

    [TestMethod]
    public async Task Serve_CollectorIsNotThere_EndsAllTheSame()
    {
        // Port 9 is the discard service's, which nobody runs.
        await using ServeProcess server = await StartAsync("http://127.0.0.1:9");

        await EchoAsync(server);
        server.Terminate();

        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync(), server.Output);
    }

    [TestMethod]
    public async Task Serve_WithoutACollector_SaysInSumWhatItDid()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);

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

    private static Task<ServeProcess> StartAsync(string collector) => ServeProcess.StartAsync(Certificates, new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_SERVICE_NAME"] = "net-under-test",
    });

    /// <summary>The ids of the spans above one, up to the first that is not the server's.</summary>
    private static IEnumerable<string> Ancestors(IReadOnlyList<OtlpSpan> spans, OtlpSpan span)
    {
        for (OtlpSpan? next = span; next is not null; next = spans.SingleOrDefault(other => other.SpanId == next.ParentId))
        {
            Assert.AreEqual(span.TraceId, next.TraceId);
            yield return next.ParentId;
        }
    }

    private static async Task EchoAsync(ServeProcess server)
    {
        ScriptResult echo = await HostProgram.RunAsync(server.ClientArguments("echo", server.EndPoint, "--message", "x"));
        Assert.AreEqual(ExitCodes.Ok, echo.ExitCode, echo.Everything);
    }

    [GeneratedRegex(@"Served in [\d.]+ s: (?<calls>\d+) calls \(0 failed\), (?<streams>\d+) raw streams \(0 failed\); over QUIC (?<came>\d+) bytes came")]
    private static partial Regex Sum();
}
