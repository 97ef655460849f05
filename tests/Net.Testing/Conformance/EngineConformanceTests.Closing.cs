using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Closing, and what becomes of everything that is under way then.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    [DataRow(0L)]
    [DataRow(0x1234L)]
    [DataRow(ErrorCodes.Max)]
    public async Task CloseAsync_ByClient_BothSidesKnowWhoWhyAndHow(long code)
    {
        ConformancePair pair = await ConnectPairAsync();
        await pair.Client.CloseAsync(code, "the work is done").WithTimeout();

        await AssertClosedAsync(pair.Client, pair.Server, code, "the work is done");
    }

    [TestMethod]
    public async Task CloseAsync_ByServer_BothSidesKnowWhoWhyAndHow()
    {
        ConformancePair pair = await ConnectPairAsync();
        await pair.Server.CloseAsync(77, "going away").WithTimeout();

        await AssertClosedAsync(pair.Server, pair.Client, 77, "going away");
    }

    [TestMethod]
    public async Task CloseAsync_WithoutReason_ReportsAnEmptyOne()
    {
        ConformancePair pair = await ConnectPairAsync();
        await pair.Client.CloseAsync(1).WithTimeout();

        ConnectionClose close = await pair.Server.Closed.WithTimeout();
        Assert.AreEqual("", close.Reason);
    }

    [TestMethod]
    public async Task CloseAsync_LongReason_IsCutAtTheLimit()
    {
        ConformancePair pair = await ConnectPairAsync();
        string reason = new('é', 600);
        await pair.Client.CloseAsync(1, reason).WithTimeout();

        ConnectionClose close = await pair.Server.Closed.WithTimeout();
        Assert.AreEqual(1, close.ApplicationErrorCode);
        if (Can(EngineCapabilities.CloseReason))
        {
            Assert.AreEqual(new string('é', 256), close.Reason);
        }
    }

    [TestMethod]
    public async Task CloseAsync_ReasonThatForgesALine_IsTextOnTheOtherSide()
    {
        ConformancePair pair = await ConnectPairAsync();
        await pair.Client.CloseAsync(1, "bye\r\nfail: forged\u001b[2J").WithTimeout();

        ConnectionClose close = await pair.Server.Closed.WithTimeout();
        Assert.IsFalse(PlainText.IsUnsafe(close.ToException().Message), close.Reason);
        if (Can(EngineCapabilities.CloseReason))
        {
            Assert.AreEqual("bye\uFFFD\uFFFDfail: forged\uFFFD[2J", close.Reason);
        }
    }

    [TestMethod]
    public async Task CloseAsync_CodeOutOfRange_Throws()
    {
        ConformancePair pair = await ConnectPairAsync();

        await Assert.ThrowsExactlyAsync<ArgumentOutOfRangeException>(async () => await pair.Client.CloseAsync(-1));
        await Assert.ThrowsExactlyAsync<ArgumentOutOfRangeException>(async () => await pair.Client.CloseAsync(ErrorCodes.Max + 1));
        Assert.IsFalse(pair.Client.Closed.IsCompleted);
    }

    [TestMethod]
    public async Task CloseAsync_Again_KeepsTheFirstClose()
    {
        ConformancePair pair = await ConnectPairAsync();
        await pair.Client.CloseAsync(1, "first").WithTimeout();
        await pair.Client.CloseAsync(2, "second").WithTimeout();
        await pair.Client.DisposeAsync().WithTimeout();

        Assert.AreEqual(1, (await pair.Client.Closed.WithTimeout()).ApplicationErrorCode);
        Assert.AreEqual(1, (await pair.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task CloseAsync_ByBothSidesAtOnce_EndsBoth()
    {
        ConformancePair pair = await ConnectPairAsync();
        await Task.WhenAll(pair.Client.CloseAsync(1).AsTask(), pair.Server.CloseAsync(2).AsTask()).WithTimeout();

        Assert.AreEqual(TransportError.ConnectionClosed, (await pair.Client.Closed.WithTimeout()).Error);
        Assert.AreEqual(TransportError.ConnectionClosed, (await pair.Server.Closed.WithTimeout()).Error);
    }

    [TestMethod]
    public async Task DisposeAsync_ConnectionOpen_ClosesWithTheDefaultCode()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { DefaultCloseErrorCode = 0x99 });
        await pair.Client.DisposeAsync().WithTimeout();
        await pair.Client.DisposeAsync().WithTimeout();

        ConnectionClose close = await pair.Server.Closed.WithTimeout();
        Assert.AreEqual(TransportError.ConnectionClosed, close.Error);
        Assert.AreEqual(0x99, close.ApplicationErrorCode);
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(CloseInitiator.Local, (await pair.Client.Closed.WithTimeout()).Initiator);
    }

    [TestMethod]
    public async Task DisposeAsync_ByTwoCallersAtOnce_BothReturn()
    {
        ConformancePair pair = await ConnectPairAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () => await pair.Client.DisposeAsync()))).WithTimeout();

        await pair.Server.Closed.WithTimeout();
    }

    [TestMethod]
    public async Task CloseAsync_OperationsPendingOnBothSides_AllFailWithTheCode()
    {
        ConformancePair pair = await ConnectPairAsync(
            o => SmallSendBuffer(o) with { Limits = SmallSendBuffer(o).Limits with { MaxInboundUnidirectionalStreams = 0 } },
            o => SmallWindows(o) with { Limits = SmallWindows(o).Limits with { MaxInboundUnidirectionalStreams = 0 } });
        (TransportStream clientStream, TransportStream serverStream) = await pair.OpenStreamAsync();
        (string What, Task Task)[] pending =
        [
            ("client read", clientStream.Input.ReadAsync().AsTask()),
            ("client flush", clientStream.Output.WriteAsync(new byte[16 * SmallWindow]).AsTask()),
            ("client accept", pair.Client.AcceptStreamAsync().AsTask()),
            ("client open", pair.Client.OpenStreamAsync(StreamDirection.Unidirectional).AsTask()),
            ("server accept", pair.Server.AcceptStreamAsync().AsTask()),
            ("server open", pair.Server.OpenStreamAsync(StreamDirection.Unidirectional).AsTask()),
        ];
        foreach ((string what, Task task) in pending)
        {
            Assert.IsFalse(task.IsCompleted, what);
        }

        await pair.Client.CloseAsync(0x31).WithTimeout();

        foreach ((string what, Task task) in pending)
        {
            TransportException exception = await FailsAsync(TransportError.ConnectionClosed, () => task, what);
            Assert.AreEqual(0x31, exception.ApplicationErrorCode, what);
        }

        TransportException reading = await FailsAsync(TransportError.ConnectionClosed, () => serverStream.Input.ReadToEndAsync());
        Assert.AreEqual(0x31, reading.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Connection_AfterClose_RefusesEverythingAndSaysWhatIsSafe()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await pair.Client.CloseAsync(0x32).WithTimeout();
        await pair.Server.Closed.WithTimeout();

        foreach ((TransportConnection side, TransportStream stream) in new[] { (pair.Client, client), (pair.Server, server) })
        {
            TransportException opening = await FailsAsync(TransportError.ConnectionClosed, () => side.OpenStreamAsync(StreamDirection.Bidirectional).AsTask());
            Assert.IsTrue(opening.IsSafeToRetry);
            Assert.AreEqual(0x32, opening.ApplicationErrorCode);
            Assert.IsFalse(side.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out _));
            await FailsAsync(TransportError.ConnectionClosed, () => side.AcceptStreamAsync().AsTask());

            // An engine may learn of the end of the stream a moment after that of the connection.
            await stream.Completion.WithTimeout();
            TransportException writing = await FailsAsync(TransportError.ConnectionClosed, () => stream.Output.WriteAsync(new byte[1]).AsTask());
            Assert.IsFalse(writing.IsSafeToRetry);
            Assert.AreEqual(0, side.AvailableBidirectionalStreams);
            Assert.AreEqual(0, side.AvailableUnidirectionalStreams);
            Assert.AreEqual(0, side.MaxDatagramSize);
            stream.Abort(1);
            await stream.DisposeAsync().WithTimeout();
            side.GetPathStatistics();
            Assert.AreEqual(Protocol, side.ApplicationProtocol);
            Assert.AreNotEqual(0, side.RemoteEndPoint.Port);
        }
    }

    [TestMethod]
    public async Task AcceptStreamAsync_AfterClose_StillGivesWhatHadCome()
    {
        ConformancePair pair = await ConnectPairAsync();
        TransportStream client = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await client.SendAllAsync("in time"u8.ToArray());
        await client.SendCompletion.WithTimeout();
        await pair.Client.CloseAsync(1).WithTimeout();
        await pair.Server.Closed.WithTimeout();

        TransportStream server = await pair.Server.AcceptStreamAsync().WithTimeout();
        Assert.AreEqual(client.Id, server.Id);
        await FailsAsync(TransportError.ConnectionClosed, () => pair.Server.AcceptStreamAsync().AsTask());
    }

    [TestMethod]
    public async Task Draining_PeerCloses_IsRaisedOnceOnBothSides()
    {
        ConformancePair pair = await ConnectPairAsync();
        var client = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // A second SetResult would throw on the thread pool and end the process.
        pair.Client.Draining += (_, _) => client.SetResult();
        pair.Server.Draining += (_, _) => server.SetResult();
        await pair.Client.CloseAsync(1).WithTimeout();

        await client.Task.WithTimeout(awaited: "Draining on the client");
        await server.Task.WithTimeout(awaited: "Draining on the server");
        Assert.IsTrue(pair.Client.IsDraining);
        Assert.IsTrue(pair.Server.IsDraining);
    }

    [TestMethod]
    public async Task CloseAsync_ManyConnections_OthersGoOn()
    {
        TransportListener listener = await ListenAsync();
        ConformancePair one = await ConnectPairAsync(listener);
        ConformancePair two = await ConnectPairAsync(listener);
        two.StartEcho();

        await one.Client.CloseAsync(1).WithTimeout();
        await one.Server.Closed.WithTimeout();

        await two.Client.AssertEchoesAsync();
        Assert.IsFalse(two.Client.Closed.IsCompleted);
    }

    private async Task AssertClosedAsync(TransportConnection closer, TransportConnection other, long code, string reason)
    {
        ConnectionClose local = await closer.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Local, local.Initiator);
        Assert.AreEqual(TransportError.ConnectionClosed, local.Error);
        Assert.AreEqual(code, local.ApplicationErrorCode);

        ConnectionClose remote = await other.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, remote.Initiator);
        Assert.AreEqual(TransportError.ConnectionClosed, remote.Error);
        Assert.AreEqual(code, remote.ApplicationErrorCode);
        Assert.IsNull(remote.TransportErrorCode);
        if (Can(EngineCapabilities.CloseReason))
        {
            Assert.AreEqual(reason, remote.Reason);
        }
    }
}
