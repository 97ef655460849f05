using System.Net;
using Net.Http3;
using Net.Testing;

namespace Net.UnitTests.Http3;

/// <summary>How requests and connections end: cancelled, reset, cut, rejected, drained.</summary>
[TestClass]
public sealed class LifecycleTests
{
    private static readonly byte[] Ok = FrameBytes.Headers((":status", "200"));

    [TestMethod]
    [DataRow(Http3ErrorCode.NoError)]
    [DataRow(Http3ErrorCode.GeneralProtocolError)]
    [DataRow(Http3ErrorCode.InternalError)]
    [DataRow(Http3ErrorCode.ExcessiveLoad)]
    [DataRow(Http3ErrorCode.RequestRejected)]
    [DataRow(Http3ErrorCode.RequestCancelled)]
    [DataRow(Http3ErrorCode.RequestIncomplete)]
    [DataRow(Http3ErrorCode.MessageError)]
    [DataRow(Http3ErrorCode.VersionFallback)]
    [DataRow((Http3ErrorCode)0x3fff)]
    public async Task Reset_BeforeTheHeaders_FailsWithItsCode(Http3ErrorCode code)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        seen.Stream.Abort((long)code);

        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => sending.WithTimeout());
        Assert.AreEqual(HttpRequestError.HttpProtocolError, exception.HttpRequestError);
        var protocol = (HttpProtocolException)exception.InnerException!;
        Assert.AreEqual((long)code, protocol.ErrorCode);
        TransportException transport = Http3Exceptions.FindTransportException(exception)!;
        Assert.AreEqual(TransportError.StreamReset, transport.Error);
        Assert.AreEqual((long)code, transport.ApplicationErrorCode);
        Assert.AreEqual(code == Http3ErrorCode.RequestRejected, Http3Exceptions.IsSafeToRetry(exception));
        StringAssert.Contains(exception.Message, Http3Exceptions.Describe((long)code), StringComparison.Ordinal);
        await fixture.WaitUntilIdleAsync();
        Assert.IsFalse(fixture.Client.IsDraining);
    }

    [TestMethod]
    public async Task Reset_InsideTheContent_IsNeverACleanEnd()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.WriteAsync(Ok, FrameBytes.Data("part"));
        using HttpResponseMessage response = await sending.WithTimeout();
        Stream body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[100];
        Assert.AreEqual(4, await body.ReadAsync(buffer).WithTimeout());
        seen.Stream.AbortWrite((long)Http3ErrorCode.InternalError);

        HttpProtocolException exception = await Assert.ThrowsExactlyAsync<HttpProtocolException>(() => body.ReadAsync(buffer).WithTimeout());
        Assert.AreEqual((long)Http3ErrorCode.InternalError, exception.ErrorCode);
        await Assert.ThrowsExactlyAsync<HttpProtocolException>(() => body.ReadAsync(buffer).WithTimeout());
    }

    [TestMethod]
    public async Task ConnectionClose_InsideTheContent_IsNeverACleanEnd()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.WriteAsync(Ok, FrameBytes.Data("part"));
        using HttpResponseMessage response = await sending.WithTimeout();
        await fixture.Server.CloseAsync((long)Http3ErrorCode.NoError);

        HttpProtocolException exception = await Assert.ThrowsExactlyAsync<HttpProtocolException>(async () =>
        {
            Stream body = await response.Content.ReadAsStreamAsync();
            while (await body.ReadAsync(new byte[100]).WithTimeout() > 0)
            {
            }
        });
        Assert.AreEqual((long)Http3ErrorCode.NoError, exception.ErrorCode);
        HttpRequestException next = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None).WithTimeout());
        Assert.IsTrue(Http3Exceptions.IsSafeToRetry(next));
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task Cancel_BeforeTheHeaders_ResetsTheStream()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        using var cancellation = new CancellationTokenSource();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), cancellation.Token);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await cancellation.CancelAsync();

        OperationCanceledException exception = await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => sending.WithTimeout());
        Assert.AreEqual(cancellation.Token, exception.CancellationToken);
        TransportException stopped = await Assert.ThrowsExactlyAsync<TransportException>(() => seen.Stream.SendCompletion.WithTimeout());
        Assert.AreEqual((long)Http3ErrorCode.RequestCancelled, stopped.ApplicationErrorCode);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task Cancel_WhileTheContentIsSent_ResetsTheStreamAndEndsTheContent()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        using var cancellation = new CancellationTokenSource();
        var contentEnded = new TaskCompletionSource();
        var content = new CancellableContent(async token =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                contentEnded.SetResult();
            }
        });
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(content), cancellation.Token);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await cancellation.CancelAsync();

        OperationCanceledException cancelled = await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => sending.WithTimeout());
        Assert.AreEqual(cancellation.Token, cancelled.CancellationToken, "The content's own token is not known to the caller.");
        await contentEnded.Task.WithTimeout();
        TransportException reset = await Assert.ThrowsExactlyAsync<TransportException>(() => seen.ReadToEndAsync());
        Assert.AreEqual((long)Http3ErrorCode.RequestCancelled, reset.ApplicationErrorCode);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task Cancel_AfterTheHeadersWhileTheContentIsSent_EndsBoth()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        using var cancellation = new CancellationTokenSource();
        var content = new CancellableContent(static token => Task.Delay(Timeout.Infinite, token));
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(content), cancellation.Token);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.WriteAsync(Ok);
        HttpResponseMessage response = await sending.WithTimeout();
        await cancellation.CancelAsync();
        Stream body = await response.Content.ReadAsStreamAsync();
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => body.ReadAsync(new byte[1]).WithTimeout());
        response.Dispose();
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task Cancel_OfARead_ResetsTheStream()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.WriteAsync(Ok);
        using HttpResponseMessage response = await sending.WithTimeout();
        Stream body = await response.Content.ReadAsStreamAsync();
        using var cancellation = new CancellationTokenSource();
        Task reading = body.ReadAsync(new byte[1], cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => reading.WithTimeout());
        TransportException stopped = await Assert.ThrowsExactlyAsync<TransportException>(() => seen.Stream.SendCompletion.WithTimeout());
        Assert.AreEqual((long)Http3ErrorCode.RequestCancelled, stopped.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Cancel_WhileWaitingForAStream_LeavesNothing()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(serverLimits: new TransportLimits { MaxInboundBidirectionalStreams = 1 });
        Task<HttpResponseMessage> first = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        using var cancellation = new CancellationTokenSource();
        Task<HttpResponseMessage> second = fixture.Client.SendAsync(Http3Fixture.Get(), cancellation.Token);
        Assert.AreEqual(2, fixture.Client.ActiveRequests);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => second.WithTimeout());
        Assert.AreEqual(1, fixture.Client.ActiveRequests);
        await seen.FinishAsync(Ok);
        using HttpResponseMessage response = await first.WithTimeout();
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task Dispose_OfAnUnreadResponse_CancelsTheRequest()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.WriteAsync(Ok, FrameBytes.Data("part"));
        (await sending.WithTimeout()).Dispose();
        TransportException stopped = await Assert.ThrowsExactlyAsync<TransportException>(() => seen.Stream.SendCompletion.WithTimeout());
        Assert.AreEqual((long)Http3ErrorCode.RequestCancelled, stopped.ApplicationErrorCode);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task Dispose_WhileARead_EndsIt()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        await (await fixture.AcceptRequestAsync()).WriteAsync(Ok);
        HttpResponseMessage response = await sending.WithTimeout();
        Stream body = await response.Content.ReadAsStreamAsync();
        Task<int> reading = body.ReadAsync(new byte[1]).AsTask();
        response.Dispose();
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => reading.WithTimeout());
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task StopSending_WithNoError_EndsTheContentAndKeepsTheResponse()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        var stopped = new TaskCompletionSource();
        var content = new WriterContent(async (_, stream) =>
        {
            await stopped.Task;
            for (int i = 0; i < 100; i++)
            {
                await stream.WriteAsync(new byte[100]);
            }
        });
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(content), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Assert.AreEqual(0x01, await seen.ReadFrameAsync());
        seen.Stream.AbortRead((long)Http3ErrorCode.NoError);
        await seen.FinishAsync(FrameBytes.Headers((":status", "413")), FrameBytes.Data("too much"));
        using HttpResponseMessage response = await sending.WithTimeout();
        stopped.SetResult();
        Assert.AreEqual("too much", await response.Content.ReadAsStringAsync().WithTimeout());
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task Content_ThatThrows_FailsTheRequestWithItsOwnException()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Post(new WriterContent(static (_, _) => throw new InvalidDataException("mine"))), CancellationToken.None);
        InvalidDataException exception = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => sending.WithTimeout());
        Assert.AreEqual("mine", exception.Message);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(7)]
    public async Task Content_OfAnotherLengthThanAnnounced_FailsTheRequest(int written)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        var content = new WriterContent(async (_, stream) => await stream.WriteAsync(new byte[written]));
        content.Headers.ContentLength = 5;
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(
            () => fixture.Client.SendAsync(Http3Fixture.Post(content), CancellationToken.None).WithTimeout());
        StringAssert.Contains(exception.Message, "content-length is 5", StringComparison.Ordinal);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task GoAway_RejectsWhatIsAboveItAndLetsTheRestFinish()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> kept = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Task<HttpResponseMessage> rejected = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest other = await fixture.AcceptRequestAsync();
        var draining = new TaskCompletionSource();
        fixture.Client.Draining += (_, _) => draining.SetResult();
        await fixture.SendControlAsync(FrameBytes.Frame(0x07, FrameBytes.Integer(other.Stream.Id)));

        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => rejected.WithTimeout());
        Assert.IsTrue(Http3Exceptions.IsSafeToRetry(exception));
        Assert.AreEqual((long)Http3ErrorCode.RequestRejected, ((HttpProtocolException)exception.InnerException!).ErrorCode);
        await draining.Task.WithTimeout();
        Assert.IsTrue(fixture.Client.IsDraining);
        Assert.AreEqual(0, fixture.Client.AvailableRequests);
        HttpRequestException refused = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None).WithTimeout());
        Assert.IsTrue(Http3Exceptions.IsSafeToRetry(refused));
        Assert.IsFalse(fixture.Server.Closed.IsCompleted);

        await seen.FinishAsync(Ok, FrameBytes.Data("kept"));
        using HttpResponseMessage response = await kept.WithTimeout();
        Assert.AreEqual("kept", await response.Content.ReadAsStringAsync().WithTimeout());
        Assert.AreEqual((long)Http3ErrorCode.NoError, (await fixture.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    [DataRow(1L << 62)]
    [DataRow((1L << 62) - 3)]
    public async Task GoAway_AsAFirstWarning_DrainsAndRejectsNothing(long idPlusOne)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> kept = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        var draining = new TaskCompletionSource();
        fixture.Client.Draining += (_, _) => draining.SetResult();
        await fixture.SendControlAsync(FrameBytes.Frame(0x07, FrameBytes.Integer(idPlusOne - 1)));
        await draining.Task.WithTimeout();
        await seen.FinishAsync(Ok);
        using HttpResponseMessage response = await kept.WithTimeout();
        Assert.AreEqual((long)Http3ErrorCode.NoError, (await fixture.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task GoAway_WhileARequestWaitsForAStream_SendsItElsewhere()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(serverLimits: new TransportLimits { MaxInboundBidirectionalStreams = 1 });
        Task<HttpResponseMessage> first = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Task<HttpResponseMessage> waiting = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        Assert.IsFalse(waiting.IsCompleted);
        await fixture.SendControlAsync(FrameBytes.Frame(0x07, FrameBytes.Integer(4)));
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => waiting.WithTimeout());
        Assert.IsTrue(Http3Exceptions.IsSafeToRetry(exception));
        await seen.FinishAsync(Ok);
        using HttpResponseMessage response = await first.WithTimeout();
        await fixture.Server.Closed.WithTimeout();
    }

    [TestMethod]
    public async Task Dispose_AfterTheAnnouncedContent_IsNoCancellation()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await (await fixture.AcceptRequestAsync()).ReadToEndAsync();
        await seen.FinishAsync(FrameBytes.Headers((":status", "200"), ("content-length", "4")), FrameBytes.Data("four"));
        HttpResponseMessage response = await sending.WithTimeout();
        await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[4]).AsTask().WithTimeout();
        await seen.Stream.SendCompletion.WithTimeout();
        response.Dispose();
        await fixture.WaitUntilIdleAsync();
        await seen.Stream.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task Drain_WithoutRequests_ClosesAtOnce()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        fixture.Client.Drain();
        fixture.Client.Drain();
        Assert.AreEqual((long)Http3ErrorCode.NoError, (await fixture.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task DisposeAsync_WithRequestsInFlight_FailsThem()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        await fixture.AcceptRequestAsync();
        await fixture.Client.DisposeAsync().WithTimeout();
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => sending.WithTimeout());
        Assert.IsFalse(Http3Exceptions.IsSafeToRetry(exception));
        await fixture.WaitUntilIdleAsync();
        await fixture.Client.DisposeAsync().WithTimeout();
    }

    [TestMethod]
    public async Task Read_MoreThanTheWindow_HoldsTheServerBack()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.WriteAsync(Ok);
        const int Size = 8 << 20;
        Task writing = seen.FinishAsync(FrameBytes.Frame(0x00, new byte[Size]));
        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.IsFalse(writing.IsCompleted, "the server could send eight times the window without being read");
        using var all = new MemoryStream();
        await response.Content.CopyToAsync(all).WithTimeout();
        await writing.WithTimeout();
        Assert.AreEqual(Size, all.Length);
    }

    [TestMethod]
    public async Task Requests_AThousandOfEveryFate_LeaveNothing()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(serverLimits: new TransportLimits { MaxResetsPerSecond = 1_000_000 });
        Task server = Task.Run(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                ServerRequest seen = await fixture.AcceptRequestAsync();
                try
                {
                    switch (i % 4)
                    {
                        case 0:
                            await seen.FinishAsync(Ok, FrameBytes.Data("whole"), FrameBytes.Headers(("t", "1")));
                            break;
                        case 1:
                            seen.Stream.Abort((long)Http3ErrorCode.RequestRejected);
                            break;
                        case 2:
                            await seen.FinishAsync(FrameBytes.Headers(("no", "status")));
                            break;
                        default:
                            await seen.WriteAsync(Ok, FrameBytes.Data("part"));
                            break;
                    }
                }
                catch (TransportException)
                {
                    // The client had enough first.
                }

                await seen.Stream.DisposeAsync();
            }
        });
        int whole = 0;
        for (int i = 0; i < 1000; i++)
        {
            try
            {
                using HttpResponseMessage response = await fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None).WithTimeout();
                if (i % 4 == 0)
                {
                    whole += await response.Content.ReadAsStringAsync().WithTimeout() == "whole" ? 1 : 0;
                }
            }
            catch (HttpRequestException)
            {
                Assert.AreNotEqual(0, i % 4);
            }
        }

        await server.WithTimeout();
        await fixture.WaitUntilIdleAsync();
        Assert.AreEqual(250, whole);
        Assert.AreEqual(0, fixture.Client.Decoder.BlockedCount);
        Assert.IsFalse(fixture.Client.IsDraining);
    }

    private sealed class CancellableContent(Func<CancellationToken, Task> write) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => write(cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
