using System.Net;
using System.Text;
using Net.Http3;
using Net.Testing;

namespace Net.UnitTests.Http3;

[TestClass]
public sealed class RequestTests
{
    private static readonly (string, string) Ok = (":status", "200");

    [TestMethod]
    public async Task SendAsync_Get_SendsThePseudoFieldsAndReadsTheResponse()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        HttpRequestMessage request = Http3Fixture.Get("/a?b=c");
        request.Headers.Add("X-Test", ["1", "2"]);
        request.Headers.Add("Connection", "keep-alive");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        await seen.FinishAsync(
            FrameBytes.Headers(Ok, ("content-type", "text/plain"), ("server", "hand"), ("content-length", "5"), ("x-a", "1"), ("x-a", "2")), FrameBytes.Data("hel"), FrameBytes.Data("lo"));

        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.AreEqual("GET", seen[":method"]);
        Assert.AreEqual("https", seen[":scheme"]);
        Assert.AreEqual("localhost", seen[":authority"]);
        Assert.AreEqual("/a?b=c", seen[":path"]);
        Assert.AreEqual("1, 2", seen["x-test"]);
        Assert.AreEqual("trailers", seen["te"]);
        Assert.IsNull(seen["connection"]);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(HttpVersion.Version30, response.Version);
        Assert.AreSame(request, response.RequestMessage);
        Assert.AreEqual("hand", response.Headers.Server.ToString());
        Assert.AreEqual(5, response.Content.Headers.ContentLength);
        Assert.AreEqual("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.AreEqual("1 2", string.Join(' ', response.Headers.GetValues("x-a")));
        Assert.AreEqual("hello", await response.Content.ReadAsStringAsync().WithTimeout());
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_BufferedContent_IsOneFrameWithItsLength()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(new StringContent("content")), CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        await seen.FinishAsync(FrameBytes.Headers((":status", "204")));

        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.AreEqual(HttpStatusCode.NoContent, response.StatusCode);
        Assert.AreEqual("POST", seen[":method"]);
        Assert.AreEqual("7", seen["content-length"]);
        Assert.AreEqual("content", seen.Content);
        Assert.AreEqual(7L, seen.DataFrames.Single());
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_ContentWrittenThroughTheBufferWriter_GoesIntoFramesOfThePipesMemory()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        var content = new WriterContent(static (writer, stream) =>
        {
            for (int i = 0; i < 3000; i++)
            {
                Encoding.ASCII.GetBytes($"{i:0000} ", writer.GetSpan(5));
                writer.Advance(5);
            }

            return Task.CompletedTask;
        });
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(content), CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        await seen.FinishAsync(FrameBytes.Headers(Ok));

        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.AreEqual(string.Concat(Enumerable.Range(0, 3000).Select(static i => $"{i:0000} ")), seen.Content);
        Assert.IsNull(seen["content-length"]);
    }

    [TestMethod]
    [DataRow(16_384)]
    [DataRow(100_000)]
    public async Task SendAsync_ContentInLargePiecesOfTheBufferWriter_IsWhole(int size)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        var content = new WriterContent((writer, _) =>
        {
            for (int i = 0; i < 3; i++)
            {
                writer.GetSpan(size)[..size].Fill((byte)('a' + i));
                writer.Advance(size);
            }

            return Task.CompletedTask;
        });
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(content), CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        await seen.FinishAsync(FrameBytes.Headers(Ok));
        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.AreEqual(string.Concat(new string('a', size), new string('b', size), new string('c', size)), seen.Content);
    }

    [TestMethod]
    public async Task SendAsync_ContentOfUnknownLength_IsSeenPieceByPieceWhileTheResponseFlows()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        var next = new SemaphoreSlim(0);
        var content = new WriterContent(async (_, stream) =>
        {
            await stream.WriteAsync("one"u8.ToArray());
            await next.WaitAsync();
            await stream.WriteAsync("two"u8.ToArray());
        });
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(content), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Assert.AreEqual(0x01, await seen.ReadFrameAsync());
        Assert.AreEqual(0x00, await seen.ReadFrameAsync());
        Assert.AreEqual("one", seen.Content);
        await seen.WriteAsync(FrameBytes.Headers(Ok), FrameBytes.Data("1"));

        using HttpResponseMessage response = await sending.WithTimeout();
        Stream body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[10];
        Assert.AreEqual(1, await body.ReadAsync(buffer).WithTimeout());
        next.Release();
        await seen.ReadToEndAsync();
        Assert.AreEqual("onetwo", seen.Content);
        await seen.FinishAsync(FrameBytes.Data("2"));
        Assert.AreEqual(1, await body.ReadAsync(buffer).WithTimeout());
        Assert.AreEqual(0, await body.ReadAsync(buffer).WithTimeout());
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_ContentThatWaitsForTheResponse_SendsItsHeadersAtOnce()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        var responseCame = new TaskCompletionSource();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(new WriterContent((_, _) => responseCame.Task)), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Assert.AreEqual(0x01, await seen.ReadFrameAsync());
        await seen.FinishAsync(FrameBytes.Headers(Ok));

        using HttpResponseMessage response = await sending.WithTimeout();
        responseCame.SetResult();
        await seen.ReadToEndAsync();
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_TrailersBothWays_Arrive()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        HttpRequestMessage request = Http3Fixture.Post(new StringContent("x"));
        request.Options.Set(Http3RequestOptions.Trailers, static () => [new("X-Sum", "42")]);
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        Assert.AreEqual("42", seen["x-sum"]);
        await seen.FinishAsync(FrameBytes.Headers(Ok), FrameBytes.Data("a"), FrameBytes.Headers(("grpc-status", "0"), ("x-end", "yes")));

        using HttpResponseMessage response = await sending.WithTimeout();
        await response.Content.ReadAsStringAsync().WithTimeout();
        Assert.AreEqual("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.AreEqual("yes", response.TrailingHeaders.GetValues("x-end").Single());
    }

    [TestMethod]
    public async Task SendAsync_ResponseOfHeadersAndTrailersOnly_IsOverWhenItReturns()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        HttpResponseMessage response = await fixture.ExchangeAsync(Http3Fixture.Get(), [.. FrameBytes.Headers(Ok), .. FrameBytes.Headers(("grpc-status", "12"))]);
        Assert.AreEqual("", await response.Content.ReadAsStringAsync().WithTimeout());
        Assert.AreEqual("12", response.TrailingHeaders.GetValues("grpc-status").Single());
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_InterimResponsesAndUnknownFrames_ArePassedOver()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        byte[] unknown = FrameBytes.Frame(0x21 + (0x1f * 5), new byte[100]);
        using HttpResponseMessage response = await fixture.ExchangeAsync(
            Http3Fixture.Get(), unknown, FrameBytes.Headers((":status", "103"), ("link", "</x>")), unknown, FrameBytes.Headers(Ok), unknown, FrameBytes.Data("x"), unknown,
            FrameBytes.Headers(("t", "1")), unknown);
        Assert.AreEqual("x", await response.Content.ReadAsStringAsync().WithTimeout());
        Assert.IsFalse(response.Headers.Contains("link"));
        Assert.IsTrue(response.TrailingHeaders.Contains("t"));
    }

    [TestMethod]
    public async Task SendAsync_BytesOneByOne_AreTheSameResponse()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        byte[] all = [.. FrameBytes.Headers(Ok, ("content-type", "text/plain")), .. FrameBytes.Data("hello"), .. FrameBytes.Data(""), .. FrameBytes.Headers(("t", "1"))];
        foreach (byte one in all)
        {
            await seen.WriteAsync([one]);
        }

        await seen.FinishAsync();
        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.AreEqual("hello", await response.Content.ReadAsStringAsync().WithTimeout());
        Assert.IsTrue(response.TrailingHeaders.Contains("t"));
    }

    [TestMethod]
    public async Task SendAsync_ExpectContinue_SendsContentAfterTheGoAhead()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(static o => o with { Expect100ContinueTimeout = TimeSpan.FromHours(1) });
        HttpRequestMessage request = Http3Fixture.Post(new StringContent("content"));
        request.Headers.ExpectContinue = true;
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Assert.AreEqual(0x01, await seen.ReadFrameAsync());
        Assert.AreEqual("100-continue", seen["expect"]);
        Assert.IsFalse(seen.Stream.Input.TryRead(out _), "content came before the go-ahead");
        await seen.WriteAsync(FrameBytes.Headers((":status", "100")));
        await seen.ReadToEndAsync();
        Assert.AreEqual("content", seen.Content);
        await seen.FinishAsync(FrameBytes.Headers(Ok));
        using HttpResponseMessage response = await sending.WithTimeout();
    }

    [TestMethod]
    public async Task SendAsync_ExpectContinueRefused_SendsNoContent()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(static o => o with { Expect100ContinueTimeout = TimeSpan.FromHours(1) });
        HttpRequestMessage request = Http3Fixture.Post(new StringContent("content"));
        request.Headers.ExpectContinue = true;
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Assert.AreEqual(0x01, await seen.ReadFrameAsync());
        await seen.FinishAsync(FrameBytes.Headers((":status", "417")));
        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.AreEqual(HttpStatusCode.ExpectationFailed, response.StatusCode);
        TransportException reset = await Assert.ThrowsExactlyAsync<TransportException>(() => seen.ReadToEndAsync());
        Assert.AreEqual((long)Http3ErrorCode.RequestCancelled, reset.ApplicationErrorCode);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_ExpectContinueUnanswered_SendsContentWhenTheTimeIsUp()
    {
        var time = new ManualTimeProvider();
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(time: time);
        HttpRequestMessage request = Http3Fixture.Post(new StringContent("content"));
        request.Headers.ExpectContinue = true;
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Assert.AreEqual(0x01, await seen.ReadFrameAsync());
        Task<ServerRequest> rest = seen.ReadToEndAsync();
        Assert.IsFalse(rest.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await rest.WithTimeout();
        Assert.AreEqual("content", seen.Content);
        await seen.FinishAsync(FrameBytes.Headers(Ok));
        using HttpResponseMessage response = await sending.WithTimeout();
    }

    [TestMethod]
    public async Task SendAsync_WithAPriority_SendsItAndSetsTheStreams()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        HttpRequestMessage request = Http3Fixture.Get();
        request.Options.Set(Http3RequestOptions.Priority, new StreamPriority(1, false));
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        Assert.AreEqual("u=1", seen["priority"]);
        Assert.AreEqual(new StreamPriority(1, false), fixture.Opened.Single(s => s.Id == seen.Stream.Id).Priority);
        await seen.FinishAsync(FrameBytes.Headers(Ok));
        using HttpResponseMessage response = await sending.WithTimeout();
    }

    [TestMethod]
    [DataRow(false, null)]
    [DataRow(true, "u=6, i")]
    public async Task SendAsync_WithoutAPriorityOption_SendsTheCallersHeaderAndLeavesTheStreams(bool hasHeader, string? expected)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        HttpRequestMessage request = Http3Fixture.Get();
        if (hasHeader)
        {
            request.Headers.Add("priority", expected);
        }

        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        Assert.AreEqual(expected, seen["priority"]);
        Assert.AreEqual(StreamPriority.Default, fixture.Opened.Single(s => s.Id == seen.Stream.Id).Priority);
        await seen.FinishAsync(FrameBytes.Headers(Ok));
        using HttpResponseMessage response = await sending.WithTimeout();
    }

    [TestMethod]
    [DataRow("HEAD", "200")]
    [DataRow("GET", "304")]
    [DataRow("GET", "204")]
    public async Task SendAsync_ResponsesWithoutContent_MayTellALength(string method, string status)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        var request = new HttpRequestMessage(new HttpMethod(method), "https://localhost/");
        using HttpResponseMessage response = await fixture.ExchangeAsync(request, FrameBytes.Headers((":status", status), ("content-length", "100")));
        Assert.AreEqual("", await new StreamReader(await response.Content.ReadAsStreamAsync()).ReadToEndAsync().WithTimeout());
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_HeadersBeyondTheServersLimit_FailsBeforeAnythingIsSent()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(sendSettings: false);
        await fixture.SendControlAsync(FrameBytes.Control((0x06, 500)));
        long started = TimeProvider.System.GetTimestamp();
        while (fixture.Client.PeerSettings.MaxFieldSectionSize != 500)
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started));
            await Task.Yield();
        }

        HttpRequestMessage request = Http3Fixture.Get();
        request.Headers.Add("X-Large", new string('x', 500));
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.Client.SendAsync(request, CancellationToken.None).WithTimeout());
        Assert.AreEqual(HttpRequestError.ConfigurationLimitExceeded, exception.HttpRequestError);
        StringAssert.Contains(exception.Message, "500", StringComparison.Ordinal);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_ManyAtOnce_EachGetsItsOwnResponse()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(serverLimits: new TransportLimits { MaxInboundBidirectionalStreams = 20 });
        Task server = Task.Run(async () =>
        {
            for (int i = 0; i < 300; i++)
            {
                ServerRequest seen = await fixture.AcceptRequestAsync();
                await seen.ReadToEndAsync();
                await seen.FinishAsync(FrameBytes.Headers(Ok), FrameBytes.Data(seen[":path"]!));
                await seen.Stream.DisposeAsync();
            }
        });
        Task<string>[] calls = [.. Enumerable.Range(0, 300).Select(async i =>
        {
            using HttpResponseMessage response = await fixture.Client.SendAsync(Http3Fixture.Get("/" + i), CancellationToken.None);
            return await response.Content.ReadAsStringAsync();
        })];
        string[] bodies = await Task.WhenAll(calls).WithTimeout();
        await server.WithTimeout();
        CollectionAssert.AreEqual(Enumerable.Range(0, 300).Select(static i => "/" + i).ToArray(), bodies);
        await fixture.WaitUntilIdleAsync();
    }
}
