using System.Diagnostics;
using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Figures of the path, pings, moves to another address, key updates.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task GetPathStatistics_AfterTraffic_CountsIt()
    {
        const int Size = 200_000;
        ConformancePair pair = await ConnectPairAsync();
        pair.StartEcho();
        await pair.Client.EchoAsync(new byte[Size]);

        foreach (TransportConnection side in new[] { pair.Client, pair.Server })
        {
            PathStatistics figures = await WaitForFiguresAsync(
                side,
                f => f.BytesSent is null or >= Size && f.BytesReceived is null or >= Size && f.DatagramsSent is null or >= 4 && f.DatagramsReceived is null or >= 4);
            if (Can(EngineCapabilities.PathStatistics))
            {
                Assert.IsGreaterThan(TimeSpan.Zero, figures.SmoothedRtt!.Value);
                Assert.IsGreaterThan(TimeSpan.Zero, figures.MinRtt!.Value);
                Assert.IsGreaterThanOrEqualTo(figures.MinRtt.Value, figures.LatestRtt!.Value);
                Assert.IsGreaterThanOrEqualTo(TimeSpan.Zero, figures.RttVariance!.Value);
                Assert.IsLessThan(TimeSpan.FromSeconds(10), figures.SmoothedRtt.Value);
                Assert.IsGreaterThan(0, figures.CongestionWindow!.Value);
                Assert.IsGreaterThanOrEqualTo(0, figures.BytesInFlight!.Value);
                Assert.IsGreaterThanOrEqualTo(Size, figures.BytesSent!.Value);
                Assert.IsGreaterThanOrEqualTo(Size, figures.BytesReceived!.Value);
                Assert.IsGreaterThanOrEqualTo(1200, figures.MaxUdpPayload!.Value);
            }
        }
    }

    [TestMethod]
    public async Task GetPathStatistics_OfBothSides_AgreeOnWhatWentBetweenThem()
    {
        const int Size = 200_000;
        ConformancePair pair = await ConnectPairAsync();
        pair.StartEcho();
        (PathStatistics client, PathStatistics server) = (pair.Client.GetPathStatistics(), pair.Server.GetPathStatistics());
        for (int round = 0; round < 2; round++)
        {
            await pair.Client.EchoAsync(new byte[Size]);
            (PathStatistics clientBefore, PathStatistics serverBefore) = (client, server);
            client = await WaitForFiguresAsync(pair.Client, f => HasGrown(clientBefore, f, Size));
            server = await WaitForFiguresAsync(pair.Server, f => HasGrown(serverBefore, f, Size));

            // What has arrived was sent before, though its sender may publish it a little later.
            PathStatistics last = client;
            await WaitForFiguresAsync(pair.Server, f => IsSent(f, last));
            last = server;
            await WaitForFiguresAsync(pair.Client, f => IsSent(f, last));
        }

        foreach (PathStatistics figures in new[] { client, server })
        {
            bool areThere = figures is { BytesSent: not null, BytesReceived: not null, DatagramsSent: not null, DatagramsReceived: not null };
            Assert.IsTrue(areThere || !Can(EngineCapabilities.PathStatistics), $"An engine that has figures counts datagrams and bytes: {figures}");
            if (areThere && figures.MaxUdpPayload is int largest)
            {
                Assert.IsLessThanOrEqualTo(figures.DatagramsSent!.Value * largest, figures.BytesSent!.Value);
                Assert.IsLessThanOrEqualTo(figures.BytesReceived!.Value, figures.DatagramsReceived!.Value, "A datagram has a byte at least.");
            }

            Assert.AreEqual(figures.DatagramsSent is null, figures.PacketsSent is null, "An engine that counts datagrams counts packets, too.");
            Assert.IsFalse(figures.PacketsSent < figures.DatagramsSent || figures.PacketsReceived < figures.DatagramsReceived, $"A datagram has a packet at least: {figures}");
        }
    }

    // What an engine does not count is null, and agrees with everything.
    private static bool HasGrown(in PathStatistics before, in PathStatistics now, int size) =>
        !(now.BytesSent - before.BytesSent < size) && !(now.BytesReceived - before.BytesReceived < size)
        && !(now.DatagramsSent - before.DatagramsSent < size / ushort.MaxValue) && !(now.DatagramsReceived - before.DatagramsReceived < size / ushort.MaxValue);

    private static bool IsSent(in PathStatistics sender, in PathStatistics receiver) =>
        !(sender.BytesSent < receiver.BytesReceived) && !(sender.DatagramsSent < receiver.DatagramsReceived) && !(sender.PacketsSent < receiver.PacketsReceived);

    // The figures may be a few milliseconds old.
    private static async Task<PathStatistics> WaitForFiguresAsync(TransportConnection connection, Func<PathStatistics, bool> areThere)
    {
        long end = Stopwatch.GetTimestamp() + (long)(TestDeadline.Limit.TotalSeconds * Stopwatch.Frequency);
        PathStatistics figures = connection.GetPathStatistics();
        while (!areThere(figures))
        {
            Assert.IsLessThan(end, Stopwatch.GetTimestamp(), $"The figures never came up to date: {figures}");
            await Task.Yield();
            figures = connection.GetPathStatistics();
        }

        return figures;
    }

    [TestMethod]
    public async Task PingAsync_PeerAnswers_TellsTheTime()
    {
        ConformancePair pair = await ConnectPairAsync();
        foreach (TransportConnection side in new[] { pair.Client, pair.Server })
        {
            if (!Can(EngineCapabilities.Ping))
            {
                await IsNotSupportedAsync(() => side.PingAsync().AsTask());
                continue;
            }

            for (int i = 0; i < 5; i++)
            {
                TimeSpan time = await side.PingAsync().WithTimeout();
                Assert.IsGreaterThanOrEqualTo(TimeSpan.Zero, time);
                Assert.IsLessThan(TestDeadline.Limit, time);
            }
        }
    }

    [TestMethod]
    public async Task PingAsync_ManyAtOnce_AllAreAnswered()
    {
        ConformancePair pair = await ConnectPairAsync();
        if (!Can(EngineCapabilities.Ping))
        {
            await IsNotSupportedAsync(() => pair.Client.PingAsync().AsTask());
            return;
        }

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => pair.Client.PingAsync().AsTask())).WithTimeout();
    }

    [TestMethod]
    public async Task PingAsync_ConnectionClosed_Fails()
    {
        ConformancePair pair = await ConnectPairAsync();
        if (!Can(EngineCapabilities.Ping))
        {
            await IsNotSupportedAsync(() => pair.Client.PingAsync().AsTask());
            return;
        }

        await pair.Server.CloseAsync(9).WithTimeout();
        await pair.Client.Closed.WithTimeout();

        TransportException exception = await FailsAsync(TransportError.ConnectionClosed, () => pair.Client.PingAsync().AsTask());
        Assert.AreEqual(9, exception.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task MigrateAsync_ByClient_KeepsStreamsAndTellsBothSides()
    {
        ConformancePair pair = await ConnectPairAsync();
        if (!Can(EngineCapabilities.Migration))
        {
            await IsNotSupportedAsync(() => pair.Client.MigrateAsync().AsTask());
            return;
        }

        var clientMoved = new TaskCompletionSource<PathChangedEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        var serverMoved = new TaskCompletionSource<PathChangedEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Client.PathChanged += (_, change) => clientMoved.TrySetResult(change);
        pair.Server.PathChanged += (_, change) => serverMoved.TrySetResult(change);
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        IPEndPoint before = pair.Client.LocalEndPoint;
        await EchoManyAsync(client, server, 100);

        await pair.Client.MigrateAsync().WithTimeout();
        await EchoManyAsync(client, server, 100);

        Assert.AreNotEqual(before.Port, pair.Client.LocalEndPoint.Port);
        PathChangedEventArgs atClient = await clientMoved.Task.WithTimeout(awaited: "PathChanged on the client");
        PathChangedEventArgs atServer = await serverMoved.Task.WithTimeout(awaited: "PathChanged on the server");
        Assert.IsTrue(atClient.IsValidated);
        Assert.IsTrue(atServer.IsValidated);
        Assert.AreEqual(pair.Client.LocalEndPoint.Port, atClient.LocalEndPoint.Port);
        Assert.AreEqual(pair.Client.LocalEndPoint.Port, atServer.RemoteEndPoint.Port);
        Assert.AreEqual(pair.Client.LocalEndPoint.Port, pair.Server.RemoteEndPoint.Port);
    }

    [TestMethod]
    public async Task MigrateAsync_SeveralTimesUnderLoad_LosesNothing()
    {
        ConformancePair pair = await ConnectPairAsync();
        if (!Can(EngineCapabilities.Migration))
        {
            await IsNotSupportedAsync(() => pair.Client.MigrateAsync().AsTask());
            return;
        }

        byte[] data = new byte[2 << 20];
        TestSeed.TakeRandom(TestContext).NextBytes(data);
        pair.StartEcho();
        Task<byte[]> echo = pair.Client.EchoAsync(data);
        for (int i = 0; i < 3; i++)
        {
            await pair.Client.MigrateAsync(new IPEndPoint(Loopback, 0)).WithTimeout();
            await pair.Client.AssertEchoesAsync();
        }

        CollectionAssert.AreEqual(data, await echo);
        Assert.IsFalse(pair.Client.Closed.IsCompleted);
    }

    [TestMethod]
    public async Task MigrateAsync_ByServer_IsNotSupported()
    {
        ConformancePair pair = await ConnectPairAsync();

        await IsNotSupportedAsync(() => pair.Server.MigrateAsync().AsTask());
    }

    [TestMethod]
    public async Task UpdateKeysAsync_Asked_WorksOrIsRefused()
    {
        ConformancePair pair = await ConnectPairAsync();
        if (!Can(EngineCapabilities.KeyUpdate))
        {
            await IsNotSupportedAsync(() => pair.Client.UpdateKeysAsync().AsTask());
            return;
        }

        pair.StartEcho();
        byte[] data = new byte[500_000];
        TestSeed.TakeRandom(TestContext).NextBytes(data);
        foreach (TransportConnection side in new[] { pair.Client, pair.Server })
        {
            await UpdateKeysWhenAllowedAsync(pair, side).WithTimeout();
            CollectionAssert.AreEqual(data, await pair.Client.EchoAsync(data));
        }
    }

    [TestMethod]
    public async Task UpdateKeysAsync_ConnectionClosed_Fails()
    {
        ConformancePair pair = await ConnectPairAsync();
        await pair.Server.CloseAsync(9).WithTimeout();
        await pair.Client.Closed.WithTimeout();

        if (Can(EngineCapabilities.KeyUpdate))
        {
            await FailsAsync(TransportError.ConnectionClosed, () => pair.Client.UpdateKeysAsync().AsTask());
        }
        else
        {
            await IsNotSupportedAsync(() => pair.Client.UpdateKeysAsync().AsTask());
        }
    }

    // The handshake must be confirmed and the last update three probe timeouts ago (RFC 9001, section 6.5), which round trips bring about.
    private static async Task UpdateKeysWhenAllowedAsync(ConformancePair pair, TransportConnection side)
    {
        while (true)
        {
            await pair.Client.AssertEchoesAsync();
            try
            {
                await side.UpdateKeysAsync().WithTimeout();
                return;
            }
            catch (TransportException) when (!side.Closed.IsCompleted)
            {
                // Too early: the contract allows it to say so.
            }
        }
    }

    private static async Task EchoManyAsync(TransportStream client, TransportStream server, int count)
    {
        for (int i = 0; i < count; i++)
        {
            string text = $"{i:000}";
            await client.SendAsync(text);
            Assert.AreEqual(text, await server.ReceiveAsync(3));
            await server.SendAsync(text);
            Assert.AreEqual(text, await client.ReceiveAsync(3));
        }
    }
}
