using Net.Ngtcp2;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>What a peer may make this side do, and what it gets when it wants more.</summary>
[TestClass]
public sealed class LimitTests : DriverTest
{
    private const int ManyStreams = 10_000;

    [TestMethod]
    [DataRow(20, true, false)]
    [DataRow(21, false, false)]
    [DataRow(20, true, true, DisplayName = "given up in both directions, as many")]
    [DataRow(21, false, true, DisplayName = "given up in both directions, one more")]
    public void Resets_OfOneSecond_AreAllowedUpToTheLimit(int resets, bool isAllowed, bool isStopped)
    {
        using DriverPair pair = NewPair(static l => l with { MaxResetsPerSecond = 20, MaxInboundBidirectionalStreams = ManyStreams });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        for (int i = 0; i < resets; i++)
        {
            Ngtcp2Stream stream = DriverPair.Open(client);
            stream.AbortWrite(9);
            if (isStopped)
            {
                stream.AbortRead(9);
            }
        }

        pair.Network.RunFor(Milliseconds(500));
        Assert.AreEqual(isAllowed, !server.Closed.IsCompleted);
        Assert.AreEqual(isAllowed, !client.Closed.IsCompleted);
        if (!isAllowed)
        {
            Assert.AreEqual((long)Ngtcp2Native.NGTCP2_PROTOCOL_VIOLATION, server.Closed.Result.TransportErrorCode);
            Assert.AreEqual(CloseInitiator.Local, server.Closed.Result.Initiator);
            Assert.AreEqual((long)Ngtcp2Native.NGTCP2_PROTOCOL_VIOLATION, client.Closed.Result.TransportErrorCode);
            Assert.AreEqual(TransportError.ProtocolViolation, client.Closed.Result.Error);
            Assert.Contains("too many stream resets", client.Closed.Result.Reason);
        }

        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Resets_SpreadOverTime_AreAllowed()
    {
        using DriverPair pair = NewPair(static l => l with { MaxResetsPerSecond = 20, MaxInboundBidirectionalStreams = ManyStreams });
        (Ngtcp2Connection client, _) = pair.Establish();
        for (int i = 0; i < 200; i++)
        {
            DriverPair.Open(client).AbortWrite(9);
            pair.Network.RunFor(Milliseconds(101));
        }

        Assert.IsFalse(client.Closed.IsCompleted);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void StopSending_Flood_IsCutOffToo()
    {
        using DriverPair pair = NewPair(static l => l with { MaxResetsPerSecond = 20, MaxInboundBidirectionalStreams = ManyStreams });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        for (int i = 0; i < 21; i++)
        {
            Ngtcp2Stream stream = DriverPair.Open(client);
            stream.Output.Complete();
            stream.AbortRead(9);
        }

        pair.Network.RunUntil(() => client.Closed.IsCompleted, Seconds(1));
        Assert.AreEqual((long)Ngtcp2Native.NGTCP2_PROTOCOL_VIOLATION, client.Closed.Result.TransportErrorCode);
        Assert.IsTrue(server.Closed.IsCompleted);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Resets_ThatThisSideAskedFor_DoNotCount()
    {
        // A client that cancels many calls makes the server reset as many streams: that is its own doing.
        using DriverPair pair = NewPair(static l => l with { MaxResetsPerSecond = ManyStreams, MaxInboundBidirectionalStreams = ManyStreams });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(static o => o with { Limits = o.Limits with { MaxResetsPerSecond = 20 } });
        Task serving = Application.ServeAsync(server, static s => Application.SendAsync(s.Output, 1, 1_000_000));
        for (int i = 0; i < 100; i++)
        {
            Ngtcp2Stream stream = DriverPair.Open(client);
            _ = stream.Output.WriteAsync(new byte[10]).AsTask();
            pair.Network.RunFor(Milliseconds(1));
            stream.Abort(8);
            Application.Release(stream);
        }

        pair.Network.RunFor(Seconds(1));
        Assert.IsFalse(client.Closed.IsCompleted);
        Assert.AreEqual(0, client.Driver.StreamCount);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void IdleDatagrams_BeyondTheLimit_CloseTheConnection()
    {
        using DriverPair pair = NewPair(static l => l with { MaxIdleDatagramsPerSecond = 100 });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.Network.RunFor(Seconds(2));
        for (int i = 0; i < 400 && !server.Closed.IsCompleted; i++)
        {
            client.Post(new ActionWork(() => client.Driver.Ping(new TaskCompletionSource<TimeSpan>())));
            pair.Network.RunFor(Milliseconds(2));
        }

        Assert.AreEqual((long)Ngtcp2Native.NGTCP2_PROTOCOL_VIOLATION, server.Closed.Result.TransportErrorCode);
        Assert.Contains("without progress", server.Closed.Result.Reason);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Connections_BeyondTheLimit_AreRefused()
    {
        using var pair = new DriverPair(listen: static o => o with { MaxConnections = 2 });
        (Ngtcp2Connection first, _) = pair.Establish();
        (Ngtcp2Connection second, _) = pair.Establish();
        Ngtcp2Connection third = pair.Connect();
        pair.Network.RunUntil(() => third.Closed.IsCompleted);
        Assert.AreEqual((long)Ngtcp2Native.NGTCP2_CONNECTION_REFUSED, third.Closed.Result.TransportErrorCode);
        Assert.AreEqual(TransportError.ConnectFailed, third.Closed.Result.Error);
        Assert.AreEqual(1, pair.State.Refusals);

        // A place that becomes free is given again.
        _ = first.CloseAsync(0).AsTask();
        pair.Network.RunFor(Milliseconds(50));
        (Ngtcp2Connection fourth, _) = pair.Establish();
        _ = second.CloseAsync(0).AsTask();
        pair.CloseAndCheckEmpty(fourth);
    }

    [TestMethod]
    public void Handshakes_BeyondTheThreshold_MustProveTheirAddress()
    {
        using var pair = new DriverPair(listen: static o => o with { RetryThreshold = 3, MaxHandshakes = 5, HandshakeTimeout = Seconds(2) });

        // These get no further than their first flight.
        pair.ToClient.IsUp = false;
        List<Ngtcp2Connection> hanging = [.. Enumerable.Range(0, 3).Select(_ => pair.Connect())];
        pair.Network.RunUntil(() => pair.State.Handshakes == 3);
        Assert.AreEqual(0, pair.State.Retries);
        pair.ToClient.IsUp = true;
        pair.ToClient.Filter = _ => pair.State.Handshakes != 3 || pair.State.Retries > 0;
        Ngtcp2Connection proved = pair.Connect();
        pair.Network.RunUntil(() => proved.HandshakeCompletion.IsCompleted);
        Assert.IsGreaterThanOrEqualTo(1L, pair.State.Retries);
        hanging.ForEach(static c => c.Abandon("the test is over"));
        pair.CloseAndCheckEmpty(proved);
    }

    [TestMethod]
    public void Streams_BeyondTheCredit_WaitUntilOneEnds()
    {
        using DriverPair pair = NewPair(static l => l with { MaxInboundBidirectionalStreams = 100 });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        List<Ngtcp2Stream> open = [.. Enumerable.Range(0, 100).Select(_ => DriverPair.Open(client))];
        open.ForEach(static s => _ = s.Output.WriteAsync(new byte[1]).AsTask());
        Assert.AreEqual(0, client.AvailableBidirectionalStreams);
        Assert.IsFalse(client.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out _));
        Task<TransportStream> waiting = client.OpenStreamAsync(StreamDirection.Bidirectional).AsTask();
        Task<TransportStream> cancelled = client.OpenStreamAsync(StreamDirection.Bidirectional, cancellationToken: new CancellationToken(true)).AsTask();
        Assert.IsTrue(cancelled.IsCanceled);
        pair.Network.RunFor(Seconds(1));
        Assert.IsFalse(waiting.IsCompleted);
        open[0].Output.Complete();
        pair.Network.Run(Application.ReceiveAsync(open[0].Input));
        pair.Network.RunFor(Seconds(1));
        Assert.IsTrue(waiting.Wait(Seconds(30)), "The place of the first went to the one that waited.");
        Assert.AreEqual(400, waiting.Result.Id);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    [DataRow(100)]
    [DataRow(3)]
    [DataRow(1)]
    public void Streams_ManyMoreThanTheLimit_AllGetTheirTurn(int limit)
    {
        using DriverPair pair = NewPair(l => l with { MaxInboundBidirectionalStreams = limit, MaxResetsPerSecond = ManyStreams });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        for (int i = 0; i < 1000; i++)
        {
            pair.Network.RunUntil(() => client.AvailableBidirectionalStreams > 0);
            Ngtcp2Stream stream = DriverPair.Open(client);
            Assert.AreEqual(4 * i, stream.Id);
            Task<string> sent = Application.SendAsync(stream.Output, i, i);
            if (i % limit == 0)
            {
                Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
                pair.Network.Run(echo);
                Assert.AreEqual(sent.Result, echo.Result.Digest);
            }

            Application.Release(stream);
        }

        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    private static DriverPair NewPair(Func<TransportLimits, TransportLimits> change) => new(listen: o => o with { Limits = change(o.Limits) });
}
