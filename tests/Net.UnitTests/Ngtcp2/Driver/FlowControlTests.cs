using System.IO.Pipelines;
using Net.Ngtcp2;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Credit: a slow reader holds its peer back, and no way of ending a stream keeps credit for itself.</summary>
[TestClass]
public sealed class FlowControlTests : DriverTest
{
    private const int StreamWindow = 16 << 10;
    private const int ConnectionWindow = 64 << 10;

    [TestMethod]
    public void Stream_WhoseReaderStops_HoldsTheWriterAndGoesOnWithTheReader()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(static o => o with { Limits = o.Limits with { StreamSendBuffer = 8192 } });
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sending = Application.SendAsync(stream.Output, 7, 400_000, 1000);
        Ngtcp2Stream accepted = pair.Accept(server);
        pair.Network.RunFor(Seconds(1));
        for (int i = 0; i < 20; i++)
        {
            // All that may be unread is there, and nothing more comes however long one waits.
            Assert.IsTrue(accepted.Input.TryRead(out ReadResult read));
            Assert.IsInRange(StreamWindow - StreamWindow / 2, StreamWindow, read.Buffer.Length);
            long sent = pair.ToServer.SentBytes;
            pair.Network.RunFor(Milliseconds(800));
            Assert.IsLessThan(100L, pair.ToServer.SentBytes - sent, "A PING, but no data.");
            accepted.Input.AdvanceTo(read.Buffer.GetPosition(read.Buffer.Length / 2), read.Buffer.End);
            pair.Network.RunFor(Milliseconds(100));
            Assert.IsFalse(sending.IsCompleted);
        }

        Task<(string Digest, long Length)> rest = Application.ReceiveAsync(accepted.Input);
        pair.Network.RunAll([sending, rest]);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Stream_WhoseReaderStops_TakesNoMoreThanWindowAndUnsentBuffer()
    {
        const int unsent = 8192;
        const int piece = 512;
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, _) = pair.Establish(static o => o with { Limits = o.Limits with { StreamUnsentBuffer = unsent } });
        PipeWriter output = DriverPair.Open(client).Output;
        long written = 0;
        Task<FlushResult> flush = Task.FromResult(default(FlushResult));
        for (int turn = 0; turn < 1000; turn++)
        {
            while (flush.IsCompletedSuccessfully && written < 64 * StreamWindow)
            {
                written += piece;
                flush = output.WriteAsync(new byte[piece]).AsTask();
            }

            pair.Network.RunFor(Milliseconds(10));
        }

        Assert.IsFalse(flush.IsCompleted);
        Assert.IsInRange(StreamWindow, StreamWindow + unsent + piece, written);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Connection_WithAHundredStreamsPartlyUnread_StillCarriesAnother()
    {
        using DriverPair pair = NewPair(static l => l with { ConnectionReceiveWindow = 256 << 10, MaxInboundBidirectionalStreams = 200 });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        List<Ngtcp2Stream> accepted = [];
        for (int i = 0; i < 100; i++)
        {
            Ngtcp2Stream stream = DriverPair.Open(client);
            _ = stream.Output.WriteAsync(new byte[1500]).AsTask();
            accepted.Add(pair.Accept(server));
        }

        pair.Network.RunFor(Seconds(1));
        foreach (Ngtcp2Stream stream in accepted)
        {
            Assert.IsTrue(stream.Input.TryRead(out ReadResult read));
            Assert.AreEqual(1500, read.Buffer.Length);
            stream.Input.AdvanceTo(read.Buffer.GetPosition(300), read.Buffer.End);
        }

        // 120,000 of 262,144 bytes stay unread; the rest must come back again and again.
        Ngtcp2Stream bulk = DriverPair.Open(client);
        Task<string> sending = Application.SendAsync(bulk.Output, 1, 5_000_000);
        Task<(string Digest, long Length)> reading = Application.ReceiveAsync(pair.Accept(server).Input);
        pair.Network.RunAll([sending, reading]);
        Assert.AreEqual(sending.Result, reading.Result.Digest);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Credit_OfStreamsEndedInEveryWay_ComesBackWhole() => ForSeeds(20, seed =>
    {
        using var pair = new DriverPair(seed, static o => o with
        {
            Limits = o.Limits with
            {
                StreamReceiveWindow = StreamWindow,
                ConnectionReceiveWindow = ConnectionWindow,
                MaxInboundBidirectionalStreams = 20,
                MaxResetsPerSecond = 1_000_000,
            },
        });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.SetLinks(static link =>
        {
            link.Loss = 0.05;
            link.Reorder = 0.2;
            link.ReorderDelay = Milliseconds(15);
        });
        var random = new Random(seed);
        List<Ngtcp2Stream> accepted = [];
        Task accepting = Application.ServeAsync(server, stream =>
        {
            accepted.Add((Ngtcp2Stream)stream);
            return Task.CompletedTask;
        });
        for (int i = 0; i < 150; i++)
        {
            pair.Network.RunUntil(() => client.AvailableBidirectionalStreams > 0);
            Ngtcp2Stream stream = DriverPair.Open(client);
            Task<string> sending = Application.SendAsync(stream.Output, i, random.Next(1, 3 * StreamWindow), random.Next(100, 5000));
            pair.Network.RunFor(Milliseconds(random.Next(0, 40)));
            EndClient(stream, random.Next(3));
            pair.Network.RunFor(Milliseconds(random.Next(0, 40)));
            accepted.ForEach(s => EndServer(s, random.Next(4)));
            accepted.Clear();
            pair.Network.TryRunUntil(() => sending.IsCompleted && accepted.Count > 0, Milliseconds(50));
        }

        pair.SetLinks(static link => link.Loss = 0);
        pair.Network.RunFor(Seconds(3));
        accepted.ForEach(static s => EndServer(s, 0));
        pair.Network.RunFor(Seconds(3));
        Assert.AreEqual(0, client.Driver.StreamCount);
        Assert.AreEqual(0, server.Driver.StreamCount);

        // The library tells the peer of new credit when a quarter of the window has come together, and the application's side gives it back in quarters.
        Assert.IsInRange((ulong)ConnectionWindow / 2, (ulong)ConnectionWindow, client.Driver.ConnectionCreditLeft);
        Assert.IsGreaterThan(10, client.AvailableBidirectionalStreams);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(accepting);
    });

    [TestMethod]
    public void SendCompletion_WhenTheFinOvertakesTheData_ComesWithTheLastAcknowledgement()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Ngtcp2Stream stream = DriverPair.Open(client);
        pair.ToServer.IsUp = false;
        _ = stream.Output.WriteAsync(new byte[1000]).AsTask();
        pair.Network.RunFor(Milliseconds(5));
        pair.ToServer.IsUp = true;

        // The data is lost; the FIN, sent by itself, is not.
        stream.Output.Complete();
        pair.Network.RunFor(Seconds(2));
        Ngtcp2Stream accepted = pair.Accept(server);
        Task<(string Digest, long Length)> reading = Application.ReceiveAsync(accepted.Input);
        pair.Network.Run(reading);
        Assert.AreEqual(1000, reading.Result.Length);

        // The other direction is still open, so that nothing but the acknowledgements can have told it.
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
        Assert.IsFalse(stream.Completion.IsCompleted);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void SendCompletion_WhenDataAndFinTravelAgainInOneFrame_IsFoundOutAllTheSame(bool isBusy)
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task serving = Application.ServeAsync(server, static s => s.Direction == StreamDirection.Unidirectional ? Application.ReceiveAsync(s.Input) : Task.CompletedTask);
        Ngtcp2Stream stream = DriverPair.Open(client);
        pair.ToServer.IsUp = false;
        _ = stream.Output.WriteAsync(new byte[300]).AsTask();
        pair.Network.RunFor(Milliseconds(2));
        stream.Output.Complete();
        pair.Network.RunFor(Milliseconds(2));
        pair.ToServer.IsUp = true;

        // What is acknowledged behind both packets declares both lost at once. A busy connection always has something in flight.
        Ngtcp2Stream other = DriverPair.Open(client, StreamDirection.Unidirectional);
        int pieces = 0;
        void Send()
        {
            if (!stream.SendCompletion.IsCompleted && (++pieces <= 10 || isBusy))
            {
                _ = other.Output.WriteAsync(new byte[100]).AsTask();
                pair.Network.After(Milliseconds(1), Send);
            }
        }

        Send();
        pair.Network.RunUntil(() => stream.SendCompletion.IsCompleted, Seconds(2));
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
        Assert.IsFalse(stream.Completion.IsCompleted);
        Assert.AreEqual(isBusy, client.GetPathStatistics().BytesInFlight > 0);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void SendCompletion_WhenDataAndFinAreLostTogether_ComesWithTheirRetransmission()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Ngtcp2Stream stream = DriverPair.Open(client);
        pair.ToServer.IsUp = false;
        _ = stream.Output.WriteAsync(new byte[300]).AsTask();
        pair.Network.RunFor(Milliseconds(5));
        stream.Output.Complete();
        pair.Network.RunFor(Milliseconds(5));
        pair.ToServer.IsUp = true;
        pair.Network.RunFor(Seconds(3));
        Ngtcp2Stream accepted = pair.Accept(server);
        Task<(string Digest, long Length)> reading = Application.ReceiveAsync(accepted.Input);
        pair.Network.Run(reading);
        Assert.AreEqual(300, reading.Result.Length);
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
        Assert.IsFalse(stream.Completion.IsCompleted);
        pair.CloseAndCheckEmpty(client);
    }

    private static void EndClient(Ngtcp2Stream stream, int how)
    {
        switch (how)
        {
            case 0:
                stream.AbortWrite(1);
                break;
            case 1:
                stream.Abort(2);
                break;
            default:
                break;
        }

        Application.Release(stream);
    }

    private static void EndServer(Ngtcp2Stream stream, int how)
    {
        switch (how)
        {
            case 0:
                stream.AbortRead(3);
                break;
            case 1:
                ReadHalf(stream);
                break;
            case 2:
                stream.Input.Complete();
                break;
            default:
                break;
        }

        Application.Release(stream);
    }

    private static void ReadHalf(Ngtcp2Stream stream)
    {
        try
        {
            if (stream.Input.TryRead(out ReadResult read))
            {
                stream.Input.AdvanceTo(read.Buffer.GetPosition(read.Buffer.Length / 2));
            }
        }
        catch (TransportException)
        {
            // The client has reset it.
        }
    }

    private static DriverPair NewPair(Func<TransportLimits, TransportLimits>? change = null) => new(listen: o => o with
    {
        Limits = (change ?? (static l => l))(o.Limits with { StreamReceiveWindow = StreamWindow, ConnectionReceiveWindow = ConnectionWindow }),
    });
}
