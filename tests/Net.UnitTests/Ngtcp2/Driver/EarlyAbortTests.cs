using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Streams that are given up as soon as they are opened: the server hears of each, or their places would be lost.</summary>
[TestClass]
public sealed class EarlyAbortTests : DriverTest
{
    private const int Streams = 80;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Streams_AbortedBeforeTheFirstPacketBehindTheHandshake_AreKnownToTheServer(bool isStopped)
    {
        using var pair = new DriverPair();
        Ngtcp2Connection client = pair.Connect();
        GiveUpBehindTheHandshake(pair, client, isStopped);

        pair.Network.RunUntil(() => pair.Accepted.Count > 0);
        int seen = 0;
        Task serving = Application.ServeAsync(pair.Accepted[0], async stream =>
        {
            seen += stream.Direction == StreamDirection.Bidirectional ? 1 : 0;
            await stream.DisposeAsync();
        });

        pair.Network.RunUntil(() => seen == Streams, Seconds(5));

        pair.Network.RunUntil(() => client.AvailableBidirectionalStreams > TransportLimits.Default.MaxInboundBidirectionalStreams - Streams, Seconds(5));
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void Streams_TooManyInTheDatagramThatEndsTheHandshake_CloseWithTheApplicationsCode()
    {
        const long excessiveLoad = 0x107;
        using var pair = new DriverPair(listen: static o => o with
        {
            Limits = o.Limits with { MaxResetsPerSecond = Streams / 2 },
            ExcessiveLoadErrorCodes = new Dictionary<string, long> { [DriverPair.Protocol] = excessiveLoad },
        });
        Ngtcp2Connection client = pair.Connect();
        GiveUpBehindTheHandshake(pair, client, isStopped: true);

        pair.Network.RunUntil(() => client.Closed.IsCompleted, Seconds(5));

        Assert.AreEqual(CloseInitiator.Remote, client.Closed.Result.Initiator);
        Assert.AreEqual(excessiveLoad, client.Closed.Result.ApplicationErrorCode);
        pair.CheckEmpty();
    }

    private static void GiveUpBehindTheHandshake(DriverPair pair, Ngtcp2Connection client, bool isStopped)
    {
        bool isDone = false;

        // Between the datagram that completes the handshake and the client's next packet.
        pair.Client.Arrived = (_, _) => client.Post(new ActionWork(() =>
        {
            if (isDone || !client.TryOpenStream(StreamDirection.Unidirectional, Idempotency.NonIdempotent, out TransportStream? control))
            {
                return;
            }

            isDone = true;
            _ = control.Output.WriteAsync(new byte[10]).AsTask();
            for (int i = 0; i < Streams; i++)
            {
                Ngtcp2Stream stream = DriverPair.Open(client);
                _ = stream.Output.WriteAsync(new byte[10]).AsTask();
                stream.AbortWrite(7);
                if (isStopped)
                {
                    stream.AbortRead(7);
                }

                Application.Release(stream);
            }
        }));
    }
}
