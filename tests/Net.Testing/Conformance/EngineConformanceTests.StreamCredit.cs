using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>How many streams may be open, and who waits for whom.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task AvailableStreams_AtTheStart_AreThePeersLimits()
    {
        ConformancePair pair = await ConnectPairAsync(
            o => o with { Limits = o.Limits with { MaxInboundBidirectionalStreams = 3, MaxInboundUnidirectionalStreams = 4 } },
            o => o with { Limits = o.Limits with { MaxInboundBidirectionalStreams = 5, MaxInboundUnidirectionalStreams = 6 } });

        Assert.AreEqual(5, pair.Client.AvailableBidirectionalStreams);
        Assert.AreEqual(6, pair.Client.AvailableUnidirectionalStreams);
        Assert.AreEqual(TellsServerFirstCredit ? 3 : 0, pair.Server.AvailableBidirectionalStreams);
        Assert.AreEqual(TellsServerFirstCredit ? 4 : 0, pair.Server.AvailableUnidirectionalStreams);
        for (int i = 0; i < 3; i++)
        {
            await pair.Server.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        }
    }

    [TestMethod]
    public async Task AvailableStreams_StreamsOpened_GoDownByKind()
    {
        ConformancePair pair = await ConnectTwoStreamPairAsync();

        await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        Assert.AreEqual(1, pair.Client.AvailableBidirectionalStreams);
        await pair.Client.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        Assert.AreEqual(1, pair.Client.AvailableBidirectionalStreams);
        Assert.AreEqual(1, pair.Client.AvailableUnidirectionalStreams);
    }

    [TestMethod]
    public async Task OpenStreamAsync_LimitReached_WaitsUntilOneEnds()
    {
        ConformancePair pair = await ConnectTwoStreamPairAsync();
        var credits = System.Threading.Channels.Channel.CreateUnbounded<StreamCreditEventArgs>();
        pair.Client.StreamCreditChanged += (_, credit) => credits.Writer.TryWrite(credit);
        (TransportStream one, TransportStream oneServer) = await pair.OpenStreamAsync();
        await pair.OpenStreamAsync();
        Assert.AreEqual(0, pair.Client.AvailableBidirectionalStreams);
        Assert.IsFalse(pair.Client.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out TransportStream? none));
        Assert.IsNull(none);
        ValueTask<TransportStream> third = pair.Client.OpenStreamAsync(StreamDirection.Bidirectional);
        Assert.IsFalse(third.IsCompleted);

        await EndAsync(one, oneServer);

        TransportStream stream = await third.WithTimeout();
        Assert.AreEqual(8, stream.Id);
        StreamCreditEventArgs raised = await credits.Reader.ReadAsync().WithTimeout();
        Assert.AreEqual(StreamDirection.Bidirectional, raised.Direction);
    }

    [TestMethod]
    public async Task StreamCreditChanged_HandlerThrows_IsCountedAndTheOtherHandlersAreCalled()
    {
        Log.Expect("EventHandlerFailed");
        using var signals = new TransportSignals(ClientEngine.Name);
        ConformancePair pair = await ConnectTwoStreamPairAsync();
        var credits = System.Threading.Channels.Channel.CreateUnbounded<StreamCreditEventArgs>();
        pair.Client.StreamCreditChanged += static (_, _) => throw new InvalidTimeZoneException("The handler's own fault.");
        pair.Client.StreamCreditChanged += (_, credit) => credits.Writer.TryWrite(credit);
        (TransportStream one, TransportStream oneServer) = await pair.OpenStreamAsync();
        (TransportStream two, TransportStream twoServer) = await pair.OpenStreamAsync();

        await EndAsync(one, oneServer);
        await credits.Reader.ReadAsync().WithTimeout();
        await EndAsync(two, twoServer);
        await credits.Reader.ReadAsync().WithTimeout();

        await signals.WaitForMeasurementAsync("transport.event_handler.failures", ("error.type", typeof(InvalidTimeZoneException).FullName!));
        Assert.IsFalse(pair.Client.Closed.IsCompleted);
        await pair.OpenStreamAsync();
    }

    [TestMethod]
    public async Task OpenStreamAsync_SeveralWait_AreServedInOrder()
    {
        ConformancePair pair = await ConnectTwoStreamPairAsync();
        (TransportStream one, TransportStream oneServer) = await pair.OpenStreamAsync();
        (TransportStream two, TransportStream twoServer) = await pair.OpenStreamAsync();
        Task<TransportStream> third = pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).AsTask();
        Task<TransportStream> fourth = pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).AsTask();

        await EndAsync(one, oneServer);
        Assert.AreEqual(8, (await third.WithTimeout()).Id);
        Assert.IsFalse(fourth.IsCompleted);
        await EndAsync(two, twoServer);
        Assert.AreEqual(12, (await fourth.WithTimeout()).Id);
    }

    [TestMethod]
    public async Task OpenStreamAsync_WaitCancelled_LeavesNothingBehind()
    {
        ConformancePair pair = await ConnectTwoStreamPairAsync();
        (TransportStream one, TransportStream oneServer) = await pair.OpenStreamAsync();
        await pair.OpenStreamAsync();
        using var cancel = new CancellationTokenSource();
        ValueTask<TransportStream> waiting = pair.Client.OpenStreamAsync(StreamDirection.Bidirectional, cancellationToken: cancel.Token);
        await cancel.CancelAsync();
        await CancelsAsync(() => waiting.AsTask(), cancel.Token);

        await EndAsync(one, oneServer);

        // The place that came free is the next caller's, and so is the id.
        TransportStream stream = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        Assert.AreEqual(8, stream.Id);
        Assert.AreEqual(0, pair.Client.AvailableBidirectionalStreams);
        await stream.SendAsync("x");
        TransportStream accepted = await pair.Server.AcceptStreamAsync().WithTimeout();
        Assert.AreEqual(8, accepted.Id);
    }

    [TestMethod]
    public async Task OpenStreamAsync_TokenCancelledBefore_OpensNothing()
    {
        ConformancePair pair = await ConnectTwoStreamPairAsync();
        var cancelled = new CancellationToken(canceled: true);

        await CancelsAsync(() => pair.Client.OpenStreamAsync(StreamDirection.Bidirectional, cancellationToken: cancelled).AsTask(), cancelled);

        Assert.AreEqual(2, pair.Client.AvailableBidirectionalStreams);
    }

    [TestMethod]
    public async Task OpenStreamAsync_PeerAllowsNone_WaitsUntilTheConnectionEnds()
    {
        ConformancePair pair = await ConnectPairAsync(server: o => o with { Limits = o.Limits with { MaxInboundUnidirectionalStreams = 0 } });
        Assert.AreEqual(0, pair.Client.AvailableUnidirectionalStreams);
        Assert.IsFalse(pair.Client.TryOpenStream(StreamDirection.Unidirectional, Idempotency.NonIdempotent, out _));
        ValueTask<TransportStream> waiting = pair.Client.OpenStreamAsync(StreamDirection.Unidirectional);

        await pair.Server.CloseAsync(11).WithTimeout();

        TransportException exception = await FailsAsync(TransportError.ConnectionClosed, () => waiting.AsTask());
        Assert.AreEqual(11, exception.ApplicationErrorCode);
        Assert.IsTrue(exception.IsSafeToRetry);
    }

    [TestMethod]
    public async Task StreamCredit_ManyRounds_IsNeverLost()
    {
        ConformancePair pair = await ConnectTwoStreamPairAsync();
        pair.StartEcho();
        int done = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            for (int i = 0; i < 25; i++)
            {
                byte[] data = BitConverter.GetBytes((worker * 100) + i);
                CollectionAssert.AreEqual(data, await pair.Client.EchoAsync(data));
                Interlocked.Increment(ref done);
            }
        })).WithTimeout();

        Assert.AreEqual(200, done);
    }

    private Task<ConformancePair> ConnectTwoStreamPairAsync() =>
        ConnectPairAsync(server: o => o with { Limits = o.Limits with { MaxInboundBidirectionalStreams = 2, MaxInboundUnidirectionalStreams = 2 } });

    private static async Task EndAsync(TransportStream client, TransportStream server)
    {
        await client.Output.CompleteAsync();
        await server.Input.ReadToEndAsync();
        await server.Output.CompleteAsync();
        await client.Input.ReadToEndAsync();
        await client.DisposeAsync().WithTimeout();
        await server.DisposeAsync().WithTimeout();
    }
}
