using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Net.Http3;
using Net.Testing;

namespace Net.UnitTests.Http3;

[TestClass]
[DoNotParallelize] // The tests of signals listen to the whole process.
public sealed class HandlerTests
{
    private static readonly byte[] Ok = FrameBytes.Headers((":status", "200"));

    [TestMethod]
    public async Task SendAsync_ThroughHttpClient_Works()
    {
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(EchoAsync);
        using var client = new HttpClient(fixture.Handler, disposeHandler: false)
        {
            BaseAddress = fixture.Address,
            DefaultRequestVersion = HttpVersion.Version30,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Assert.AreEqual("GET /a ", await client.GetStringAsync("a").WithTimeout());
        HttpResponseMessage response = await client.PostAsync("b", new StringContent("text")).WithTimeout();
        Assert.AreEqual("POST /b text", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(HttpVersion.Version30, response.Version);
        Assert.AreEqual(1, fixture.Handler.ConnectionCount);
        Assert.HasCount(1, fixture.Connections);
    }

    [TestMethod]
    [DataRow("3.0", HttpVersionPolicy.RequestVersionExact, "h3")]
    [DataRow("3.0", HttpVersionPolicy.RequestVersionOrHigher, "h3")]
    [DataRow("3.0", HttpVersionPolicy.RequestVersionOrLower, "h3")]
    [DataRow("2.0", HttpVersionPolicy.RequestVersionOrHigher, "h3")]
    [DataRow("1.1", HttpVersionPolicy.RequestVersionOrHigher, "h3")]
    [DataRow("2.0", HttpVersionPolicy.RequestVersionExact, "fallback")]
    [DataRow("2.0", HttpVersionPolicy.RequestVersionOrLower, "fallback")]
    [DataRow("1.1", HttpVersionPolicy.RequestVersionOrLower, "fallback")]
    public async Task SendAsync_ByVersionPolicy_TakesTheRightWay(string version, HttpVersionPolicy policy, string expected)
    {
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(static (request, _) => AnswerAsync(request, "h3"));
        HttpRequestMessage request = fixture.Get();
        request.Version = new Version(version);
        request.VersionPolicy = policy;
        Assert.AreEqual(expected, await fixture.TextAsync(request));
    }

    [TestMethod]
    [DataRow("3.0", HttpVersionPolicy.RequestVersionExact, false)]
    [DataRow("3.0", HttpVersionPolicy.RequestVersionOrHigher, false)]
    [DataRow("3.0", HttpVersionPolicy.RequestVersionOrLower, true)]
    [DataRow("2.0", HttpVersionPolicy.RequestVersionOrHigher, true)]
    public async Task SendAsync_WhereNobodyListens_FallsBackIfThePolicyAllows(string version, HttpVersionPolicy policy, bool fallsBack)
    {
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(EchoAsync);
        var request = new HttpRequestMessage(HttpMethod.Get, "https://localhost:9/") { Version = new Version(version), VersionPolicy = policy };
        if (fallsBack)
        {
            Assert.AreEqual("fallback", await fixture.TextAsync(request));
            Assert.AreEqual(2, fixture.Fallback.Requests.Single().Version.Major);
        }
        else
        {
            HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.SendAsync(request));
            Assert.AreEqual(HttpRequestError.ConnectionError, exception.HttpRequestError);
            Assert.AreEqual(TransportError.ConnectFailed, Http3Exceptions.FindTransportException(exception)!.Error);
            Assert.IsTrue(Http3Exceptions.IsSafeToRetry(exception));
        }
    }

    [TestMethod]
    public async Task SendAsync_AfterAFailedAttempt_FallsBackAtOnceUntilTheIntervalIsOver()
    {
        var time = new ManualTimeProvider();
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(EchoAsync, time: time);

        // Nobody there is known at once: the attempt takes no time of this clock, and the interval begins with its end.
        Assert.AreEqual("fallback", await fixture.TextAsync(NobodyThere()));
        Assert.AreEqual("fallback", await fixture.TextAsync(NobodyThere()));
        Assert.AreEqual(1, fixture.Log.Entries.Count(static e => e.Id.Name == "Http3Connecting"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual("fallback", await fixture.TextAsync(NobodyThere()));
        Assert.AreEqual(2, fixture.Log.Entries.Count(static e => e.Id.Name == "Http3Connecting"));
    }

    [TestMethod]
    public async Task SendAsync_ToAServerThatIsNotTrusted_NeverFallsBack()
    {
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(EchoAsync, identity: TestCertificates.Shared.OtherAuthorityServer);
        HttpRequestMessage request = fixture.Get();
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.SendAsync(request));
        Assert.AreEqual(HttpRequestError.SecureConnectionError, exception.HttpRequestError);
        Assert.IsEmpty(fixture.Fallback.Requests);
    }

    [TestMethod]
    public async Task SendAsync_PlainHttp_IsNoHttp3()
    {
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(EchoAsync);
        var request = new HttpRequestMessage(HttpMethod.Get, "http://localhost/") { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.SendAsync(request));
        Assert.AreEqual(HttpRequestError.VersionNegotiationError, exception.HttpRequestError);
    }

    [TestMethod]
    public async Task SendAsync_MoreThanTheStreamCredit_OpensMoreConnectionsUpToTheLimit()
    {
        var release = new TaskCompletionSource();
        int open = 0;
        var allThere = new TaskCompletionSource();
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(
            async (request, _) =>
            {
                if (Interlocked.Increment(ref open) == 6)
                {
                    allThere.SetResult();
                }

                await release.Task;
                await AnswerAsync(request, "x");
            },
            static o => o with { MaxConnectionsPerServer = 3 },
            new TransportLimits { MaxInboundBidirectionalStreams = 2 });
        Task<string>[] calls = [.. Enumerable.Range(0, 10).Select(_ => fixture.TextAsync(fixture.Get()))];
        await allThere.Task.WithTimeout();
        Assert.AreEqual(3, fixture.Handler.ConnectionCount);
        release.SetResult();
        await Task.WhenAll(calls).WithTimeout();
        Assert.HasCount(3, fixture.Connections);
        Assert.AreEqual(10, open);
    }

    [TestMethod]
    public async Task SendAsync_AfterGoAway_UsesANewConnection()
    {
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(EchoAsync);
        await fixture.TextAsync(fixture.Get());
        await fixture.Connections[0].Control.Output.WriteAsync(FrameBytes.Frame(0x07, FrameBytes.Integer(4))).WithTimeout();
        await fixture.Connections[0].Connection.Closed.WithTimeout();
        Assert.AreEqual("GET /2 ", await fixture.TextAsync(fixture.Get("2")));
        Assert.HasCount(2, fixture.Connections);
    }

    [TestMethod]
    public async Task SendAsync_Rejected_IsSentAgainWithItsContent()
    {
        int calls = 0;
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(async (request, _) =>
        {
            if (Interlocked.Increment(ref calls) < 3)
            {
                request.Stream.Abort((long)Http3ErrorCode.RequestRejected);
                return;
            }

            await EchoAsync(request, null!);
        });
        HttpRequestMessage message = fixture.Get();
        message.Method = HttpMethod.Post;
        message.Content = new StringContent("again");
        Assert.AreEqual("POST / again", await fixture.TextAsync(message));
        Assert.AreEqual(3, calls);
    }

    [TestMethod]
    public async Task SendAsync_RejectedAfterStreamedContent_IsNotSentAgain()
    {
        int calls = 0;
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(async (request, _) =>
        {
            Interlocked.Increment(ref calls);
            await request.ReadToEndAsync();
            request.Stream.Abort((long)Http3ErrorCode.RequestRejected);
        });
        HttpRequestMessage message = fixture.Get();
        message.Method = HttpMethod.Post;
        message.Content = new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes("once")));
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.SendAsync(message));
        Assert.IsTrue(Http3Exceptions.IsSafeToRetry(exception));
        Assert.AreEqual(1, calls);
    }

    [TestMethod]
    public async Task SendAsync_AlwaysRejected_EndsAfterTheRetries()
    {
        int calls = 0;
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(
            (request, _) =>
            {
                Interlocked.Increment(ref calls);
                request.Stream.Abort((long)Http3ErrorCode.RequestRejected);
                return Task.CompletedTask;
            },
            static o => o with { MaxRetries = 2 });
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.SendAsync(fixture.Get()));
        Assert.AreEqual(3, calls);
    }

    [TestMethod]
    public async Task Maintenance_OfAnIdleConnection_ClosesIt()
    {
        var time = new ManualTimeProvider();
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(EchoAsync, time: time);
        await fixture.TextAsync(fixture.Get());
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.AreEqual(1, fixture.Handler.ConnectionCount);
        time.Advance(TimeSpan.FromSeconds(45));
        Assert.AreEqual((long)Http3ErrorCode.NoError, (await fixture.Connections[0].Connection.Closed.WithTimeout()).ApplicationErrorCode);
        Assert.AreEqual(0, fixture.Handler.ConnectionCount);
        Assert.AreEqual("GET /again ", await fixture.TextAsync(fixture.Get("again")));
    }

    [TestMethod]
    public async Task Maintenance_OfAnOldConnection_LetsItsRequestsFinish()
    {
        var time = new ManualTimeProvider();
        var release = new TaskCompletionSource();
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(
            async (request, _) =>
            {
                await request.WriteAsync(Ok);
                await release.Task;
                await request.FinishAsync(FrameBytes.Data("end"));
            },
            static o => o with { PooledConnectionLifetime = TimeSpan.FromMinutes(2) }, time: time);
        using HttpResponseMessage response = await fixture.SendAsync(fixture.Get());
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.AreEqual(0, fixture.Handler.ConnectionCount);
        Assert.IsFalse(fixture.Connections[0].Connection.Closed.IsCompleted);
        release.SetResult();
        Assert.AreEqual("end", await response.Content.ReadAsStringAsync().WithTimeout());
        await fixture.Connections[0].Connection.Closed.WithTimeout();
    }

    [TestMethod]
    public async Task Dispose_WithRequestsInFlight_FailsThemAndKeepsTheGivenFallback()
    {
        var seen = new TaskCompletionSource();
        await using HandlerFixture fixture = await HandlerFixture.StartAsync((_, connection) =>
        {
            seen.SetResult();
            return connection.Closed;
        });
        Task<HttpResponseMessage> sending = fixture.SendAsync(fixture.Get());
        await seen.Task.WithTimeout();
        await fixture.Handler.DisposeAsync().WithTimeout();
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => sending);
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => fixture.SendAsync(fixture.Get()));
        Assert.IsFalse(fixture.Fallback.IsDisposed);
    }

    [TestMethod]
    public async Task Signals_OfARequest_CarryOpenTelemetrysNamesAndTheTraceContext()
    {
        string? traceparent = null;
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(async (request, _) =>
        {
            await request.ReadToEndAsync();
            traceparent = request["traceparent"];
            await request.FinishAsync(FrameBytes.Headers((":status", "503")));
        });
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == Http3Diagnostics.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (spans)
                {
                    spans.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var measured = new List<KeyValuePair<string, object?>[]>();
        using var meters = new MeterListener
        {
            InstrumentPublished = static (instrument, l) =>
            {
                if (instrument.Meter.Name == Http3Diagnostics.SourceName && instrument.Name == "http.client.request.duration")
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<double>((_, _, tags, _) => measured.Add(tags.ToArray()));
        meters.Start();

        using HttpResponseMessage response = await fixture.SendAsync(fixture.Get("x?secret=1"));

        Activity span = spans.Single(s => s.GetTagItem("server.port") is int port && port == fixture.Address.Port);
        Assert.AreEqual(span.Id, traceparent);
        Assert.AreEqual("GET", span.DisplayName);
        Assert.AreEqual(ActivityKind.Client, span.Kind);
        Assert.AreEqual(503, span.GetTagItem("http.response.status_code"));
        Assert.AreEqual("503", span.GetTagItem("error.type"));
        Assert.AreEqual("3", span.GetTagItem("network.protocol.version"));
        Assert.AreEqual("localhost", span.GetTagItem("server.address"));
        Assert.AreEqual($"{fixture.Address}x?*", span.GetTagItem("url.full"));
        KeyValuePair<string, object?>[] tags = measured.Single(t => t.Any(p => p.Key == "server.port" && (int)p.Value! == fixture.Address.Port));
        CollectionAssert.Contains(tags, new KeyValuePair<string, object?>("http.response.status_code", 503));
        CollectionAssert.Contains(tags, new KeyValuePair<string, object?>("http.request.method", "GET"));
    }

    [TestMethod]
    public void Options_OutOfRange_AreAllNamed()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => new Http3Handler(new Http3HandlerOptions
        {
            Engine = null!,
            Tls = null!,
            MaxRetries = -1,
            MaxConnectionsPerServer = 0,
            ConnectTimeout = TimeSpan.Zero,
        }));
        foreach (string name in new[] { "Engine", "Tls", "MaxRetries", "MaxConnectionsPerServer", "ConnectTimeout" })
        {
            StringAssert.Contains(exception.Message, "Http3HandlerOptions." + name, StringComparison.Ordinal);
        }
    }

    private static HttpRequestMessage NobodyThere() =>
        new(HttpMethod.Get, "https://localhost:9/") { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };

    private static Task AnswerAsync(ServerRequest request, string text) => request.FinishAsync(Ok, FrameBytes.Data(text));

    private static async Task EchoAsync(ServerRequest request, TransportConnection connection)
    {
        await request.ReadToEndAsync();
        await AnswerAsync(request, $"{request[":method"]} {request[":path"]} {request.Content}");
    }
}
