using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.UnitTests.Grpc;

// Listeners hear the whole process, and other classes call the same methods meanwhile.
[TestClass]
[DoNotParallelize]
public sealed class GrpcDiagnosticsTests
{
    [TestMethod]
    public async Task Spans_OfACall_AreNestedAcrossTheWireAndNamedByOpenTelemetry()
    {
        ConcurrentQueue<Activity> spans = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == GrpcDiagnostics.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using GrpcClient client = ClientOf(_ => throw new GrpcException(GrpcStatusCode.Unavailable, "not now"));

        await Assert.ThrowsExactlyAsync<GrpcException>(() => client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest()).WithTimeout());

        Activity callSpan = spans.Single(s => s.Kind == ActivityKind.Client);
        Activity serverSpan = spans.Single(s => s.Kind == ActivityKind.Server);
        Assert.AreEqual(callSpan.TraceId, serverSpan.TraceId);
        Assert.AreEqual(callSpan.SpanId, serverSpan.ParentSpanId);
        foreach (Activity span in new[] { callSpan, serverSpan })
        {
            Assert.AreEqual("echo.EchoService/Echo", span.DisplayName);
            Assert.AreEqual("grpc", span.GetTagItem("rpc.system.name"));
            Assert.AreEqual("echo.EchoService/Echo", span.GetTagItem("rpc.method"));
            Assert.AreEqual("UNAVAILABLE", span.GetTagItem("rpc.response.status_code"));
            Assert.AreEqual("UNAVAILABLE", span.GetTagItem("error.type"));
            Assert.AreEqual(ActivityStatusCode.Error, span.Status);
        }

        Assert.AreEqual("server.example", callSpan.GetTagItem("server.address"));
        Assert.AreEqual(443, callSpan.GetTagItem("server.port"));
        Assert.IsNull(Activity.Current);
    }

    [TestMethod]
    public async Task Metrics_OfCalls_HaveDurationsAndClosedTags()
    {
        ConcurrentQueue<(string Instrument, string Tags)> measured = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == GrpcDiagnostics.SourceName)
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
            measured.Enqueue((instrument.Name, string.Join(" ", tags.ToArray().Select(t => $"{t.Key}={t.Value}")))));
        listener.Start();
        using (GrpcClient client = ClientOf(request => new EchoResponse { Payload = request.Payload }))
        {
            await client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest()).WithTimeout();
        }

        using (GrpcClient client = ClientOf(_ => throw new GrpcException(GrpcStatusCode.NotFound)))
        {
            await Assert.ThrowsExactlyAsync<GrpcException>(() => client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest()).WithTimeout());
        }

        const string common = "rpc.system.name=grpc rpc.method=echo.EchoService/Echo rpc.response.status_code=";
        CollectionAssert.AreEqual(
            new[]
            {
                ("rpc.server.call.duration", common + "OK"),
                ("rpc.client.call.duration", common + "OK server.address=server.example server.port=443"),
                // What the caller did wrong is no error of the server's.
                ("rpc.server.call.duration", common + "NOT_FOUND"),
                ("rpc.client.call.duration", common + "NOT_FOUND error.type=NOT_FOUND server.address=server.example server.port=443"),
            },
            measured.ToArray());
    }

    private static GrpcClient ClientOf(Func<EchoRequest, EchoResponse> answer) => new(new Uri("https://server.example"), new FakeHandler(async (request, token) =>
    {
        var exchange = new MemoryExchange();
        foreach (KeyValuePair<string, System.Net.Http.Headers.HeaderStringValues> header in request.Headers.NonValidated)
        {
            exchange.RequestHeaders[header.Key.ToLowerInvariant()] = header.Value.ToString();
        }

        await exchange.SendBytesAsync(await request.Content!.ReadAsByteArrayAsync(token));
        exchange.EndRequest();
        // The server runs elsewhere: the client's span reaches it through the headers alone.
        Task serving;
        using (ExecutionContext.SuppressFlow())
        {
            serving = Task.Run(() => new ServerCallFixture { Unary = (r, _) => ValueTask.FromResult(answer(r)) }.ServeUnaryAsync(exchange), token);
        }

        await serving;

        return exchange.IsTrailersOnly
            ? FakeHandler.Answer(exchange.Status)
            : FakeHandler.Answer(exchange.Status, [.. await exchange.ReadAllAsync(EchoResponse.Parser)]);
    }));
}
