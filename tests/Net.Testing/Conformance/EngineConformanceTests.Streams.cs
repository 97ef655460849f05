using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Streams: bytes arrive whole and in order, in both directions, many at once.</content>
public abstract partial class EngineConformanceTests
{
    private const int Large = 8 << 20;

    [TestMethod]
    public async Task BidirectionalStream_FewBytes_AreEchoed()
    {
        ConformancePair pair = await ConnectPairAsync();
        TransportStream client = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await client.SendAsync("ping");
        TransportStream server = await pair.Server.AcceptStreamAsync().WithTimeout();
        Assert.AreEqual("ping", await server.ReceiveAsync(4));
        await server.SendAsync("pong!");
        Assert.AreEqual("pong!", await client.ReceiveAsync(5));

        Assert.AreEqual(client.Id, server.Id);
        Assert.IsTrue(client.IsLocallyInitiated);
        Assert.IsFalse(server.IsLocallyInitiated);
        Assert.AreEqual(StreamDirection.Bidirectional, server.Direction);
        Assert.IsTrue(client.CanRead && client.CanWrite && server.CanRead && server.CanWrite);
        Assert.IsFalse(server.IsEarlyData);
    }

    [TestMethod]
    public async Task BidirectionalStream_OpenedByServer_IsAcceptedByClient()
    {
        ConformancePair pair = await ConnectPairAsync();
        TransportStream server = await pair.Server.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await server.SendAllAsync("from the server"u8.ToArray());
        TransportStream client = await pair.Client.AcceptStreamAsync().WithTimeout();

        CollectionAssert.AreEqual("from the server"u8.ToArray(), await client.Input.ReadToEndAsync());
        await client.SendAllAsync("from the client"u8.ToArray());
        CollectionAssert.AreEqual("from the client"u8.ToArray(), await server.Input.ReadToEndAsync());
        Assert.AreEqual(1, server.Id & 3);
    }

    [TestMethod]
    public async Task BidirectionalStream_EightMegabytesBothWaysAtOnce_ArriveUnchanged()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        byte[] up = new byte[Large];
        byte[] down = new byte[Large];
        random.NextBytes(up);
        random.NextBytes(down);

        Task<byte[]> readUp = DigestAsync(server);
        Task<byte[]> readDown = DigestAsync(client);
        await Task.WhenAll(SendInPiecesAsync(client, up, random.Next()), SendInPiecesAsync(server, down, random.Next()));

        CollectionAssert.AreEqual(SHA256.HashData(up), await readUp);
        CollectionAssert.AreEqual(SHA256.HashData(down), await readDown);
    }

    [TestMethod]
    public async Task UnidirectionalStream_FromClient_HasOneSideOnly()
    {
        ConformancePair pair = await ConnectPairAsync();

        await ProveUnidirectionalAsync(pair.Client, pair.Server, 2);
    }

    [TestMethod]
    public async Task UnidirectionalStream_FromServer_HasOneSideOnly()
    {
        ConformancePair pair = await ConnectPairAsync();

        await ProveUnidirectionalAsync(pair.Server, pair.Client, 3);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(1199)]
    [DataRow(1200)]
    [DataRow(4096)]
    [DataRow(65_535)]
    [DataRow(65_536)]
    [DataRow(1_000_001)]
    public async Task Stream_WrittenBeforeTheEnd_AllArrives(int size)
    {
        ConformancePair pair = await ConnectPairAsync();
        pair.StartEcho();
        byte[] data = new byte[size];
        TestSeed.TakeRandom(TestContext).NextBytes(data);

        byte[] echoed = await pair.Client.EchoAsync(data);

        Assert.IsTrue(data.AsSpan().SequenceEqual(echoed));
    }

    [TestMethod]
    public async Task Stream_CompletedWithoutFlush_SendsWhatWasWritten()
    {
        ConformancePair pair = await ConnectPairAsync();
        TransportStream client = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        "unflushed"u8.CopyTo(client.Output.GetSpan(9));
        client.Output.Advance(9);
        await client.Output.CompleteAsync();

        TransportStream server = await pair.Server.AcceptStreamAsync().WithTimeout();
        CollectionAssert.AreEqual("unflushed"u8.ToArray(), await server.Input.ReadToEndAsync());
    }

    [TestMethod]
    public async Task Stream_ThousandTinyWrites_ArriveInOrder()
    {
        ConformancePair pair = await ConnectPairAsync();
        TransportStream client = await pair.Client.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        for (int i = 0; i < 1000; i++)
        {
            await client.Output.WriteAsync(new[] { (byte)i, (byte)(i >> 8) }).WithTimeout();
        }

        await client.Output.CompleteAsync();
        TransportStream server = await pair.Server.AcceptStreamAsync().WithTimeout();
        byte[] all = await server.Input.ReadToEndAsync();

        Assert.HasCount(2000, all);
        for (int i = 0; i < 1000; i++)
        {
            Assert.AreEqual(i, all[2 * i] | (all[(2 * i) + 1] << 8));
        }
    }

    [TestMethod]
    public async Task Streams_TwoHundredOpenAtOnce_EachGetsItsOwnBytes()
    {
        const int Count = 200;
        ConformancePair pair = await ConnectPairAsync(server: o => o with { Limits = o.Limits with { MaxInboundBidirectionalStreams = Count } });
        var streams = new List<TransportStream>();
        for (int i = 0; i < Count; i++)
        {
            TransportStream stream = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
            streams.Add(stream);
            await stream.SendAsync($"{i:0000}");
        }

        // All are open at the same time before the first one ends.
        var accepted = new Dictionary<long, TransportStream>();
        for (int i = 0; i < Count; i++)
        {
            TransportStream stream = await pair.Server.AcceptStreamAsync().WithTimeout();
            accepted.Add(stream.Id, stream);
        }

        await Task.WhenAll(accepted.Values.Select(s => s.EchoAsync()).Concat(streams.Select(async (stream, i) =>
        {
            await stream.SendAllAsync("-end"u8.ToArray());
            CollectionAssert.AreEqual(System.Text.Encoding.ASCII.GetBytes($"{i:0000}-end"), await stream.Input.ReadToEndAsync());
        }))).WithTimeout();
        Assert.HasCount(Count, accepted);
    }

    [TestMethod]
    public async Task Streams_ThousandOneAfterTheOther_HaveIdsThatGrowByFour()
    {
        ConformancePair pair = await ConnectPairAsync();
        pair.StartEcho();
        long previous = -4;
        for (int i = 0; i < 1000; i++)
        {
            TransportStream stream = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
            Assert.AreEqual(previous + 4, stream.Id);
            previous = stream.Id;
            await stream.SendAllAsync(new[] { (byte)i });
            CollectionAssert.AreEqual(new[] { (byte)i }, await stream.Input.ReadToEndAsync());
            await stream.DisposeAsync();
        }
    }

    [TestMethod]
    public async Task Streams_OfAllFourKinds_HaveIdsOfTheirOwnRow()
    {
        ConformancePair pair = await ConnectPairAsync();
        foreach ((TransportConnection side, StreamDirection direction, long kind) in new[]
        {
            (pair.Client, StreamDirection.Bidirectional, 0L), (pair.Server, StreamDirection.Bidirectional, 1L),
            (pair.Client, StreamDirection.Unidirectional, 2L), (pair.Server, StreamDirection.Unidirectional, 3L),
        })
        {
            for (int i = 0; i < 3; i++)
            {
                TransportStream stream = await side.OpenStreamAsync(direction).WithTimeout();
                await stream.SendAsync("x");
                Assert.AreEqual(kind + (4 * i), stream.Id);
            }
        }
    }

    [TestMethod]
    public async Task Streams_OpenedByBothSidesAtOnce_AllEcho()
    {
        const int Count = 30;
        ConformancePair pair = await ConnectPairAsync();
        Task[] serving = [ServeAsync(pair.Client, Count), ServeAsync(pair.Server, Count)];
        var results = new ConcurrentBag<bool>();
        await Task.WhenAll(Enumerable.Range(0, 2 * Count).Select(async i =>
        {
            byte[] data = BitConverter.GetBytes(i);
            byte[] echoed = await (i % 2 == 0 ? pair.Client : pair.Server).EchoAsync(data);
            results.Add(data.AsSpan().SequenceEqual(echoed));
        })).WithTimeout();

        await Task.WhenAll(serving).WithTimeout();
        Assert.HasCount(2 * Count, results);
        Assert.IsTrue(results.All(r => r));
    }

    [TestMethod]
    public async Task Stream_WrittenButNotFlushed_IsNotSent()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        (TransportStream other, TransportStream otherServer) = await pair.OpenStreamAsync();
        "held back"u8.CopyTo(client.Output.GetSpan(9));
        client.Output.Advance(9);

        // What was flushed later on another stream has arrived, so that this would have, too.
        await other.SendAsync("marker");
        Assert.AreEqual("marker", await otherServer.ReceiveAsync(6));
        await otherServer.SendAsync("marker");
        Assert.AreEqual("marker", await other.ReceiveAsync(6));
        Assert.IsFalse(server.Input.TryRead(out _));

        await client.Output.FlushAsync().WithTimeout();
        Assert.AreEqual("held back", await server.ReceiveAsync(9));
    }

    [TestMethod]
    public async Task Stream_ClientEndsItsHalf_ServerStillAnswers()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAllAsync("question"u8.ToArray());
        CollectionAssert.AreEqual("question"u8.ToArray(), await server.Input.ReadToEndAsync());

        byte[] answer = new byte[100_000];
        TestSeed.TakeRandom(TestContext).NextBytes(answer);
        Task<byte[]> reading = client.Input.ReadToEndAsync();
        await server.SendAllAsync(answer);

        CollectionAssert.AreEqual(answer, await reading);
    }

    [TestMethod]
    public async Task AcceptStreamAsync_TokenCancelled_LeavesTheNextStreamForTheNextCall()
    {
        ConformancePair pair = await ConnectPairAsync();
        using var cancel = new CancellationTokenSource();
        ValueTask<TransportStream> waiting = pair.Server.AcceptStreamAsync(cancel.Token);
        await cancel.CancelAsync();
        await CancelsAsync(() => waiting.AsTask(), cancel.Token);

        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();

        Assert.AreEqual(client.Id, server.Id);
    }

    [TestMethod]
    public async Task StreamPriority_Set_IsKeptOrIgnored()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, _) = await pair.OpenStreamAsync();
        Assert.AreEqual(StreamPriority.Default, client.Priority);
        var wanted = new StreamPriority(1, true);

        client.Priority = wanted;

        Assert.AreEqual(Can(EngineCapabilities.StreamPriority) ? wanted : StreamPriority.Default, client.Priority);
    }

    [TestMethod]
    public async Task StreamPriority_UrgentStreamComesLater_OvertakesTheOther()
    {
        if (!Can(EngineCapabilities.StreamPriority))
        {
            await StreamPriority_Set_IsKeptOrIgnored();
            return;
        }

        const int Window = 64 << 10;
        const int Bulk = 16 * Window;
        ConformancePair pair = await ConnectPairAsync(
            o => o with { Limits = o.Limits with { StreamSendBuffer = 2 * Bulk, StreamUnsentBuffer = 2 * Bulk } },
            o => o with { Limits = o.Limits with { ConnectionReceiveWindow = Window, StreamReceiveWindow = 2 * Bulk } });
        (TransportStream slow, TransportStream slowServer) = await pair.OpenStreamAsync();
        (TransportStream urgent, TransportStream urgentServer) = await pair.OpenStreamAsync();
        slow.Priority = new StreamPriority(7, false);
        urgent.Priority = new StreamPriority(0, false);

        // The first takes all credit of the connection; both wait for more when the server begins to read.
        await slow.SendAllAsync(new byte[Bulk]);
        await urgent.SendAllAsync(new byte[Window]);
        Task<byte[]> readingUrgent = urgentServer.Input.ReadToEndAsync();

        // What is read of the slow one makes credit. Reading stops at half of it: an urgent one that has not overtaken it by then finds all credit used up, and never ends.
        const int Piece = Window / 4;
        for (int read = 0; read < Bulk / 2; read += Piece)
        {
            await slowServer.Input.ReadExactlyAsync(Piece);
        }

        Assert.HasCount(Window, await readingUrgent);
        Assert.HasCount(Bulk / 2, await slowServer.Input.ReadToEndAsync());
    }

    private static async Task ProveUnidirectionalAsync(TransportConnection from, TransportConnection to, long firstId)
    {
        TransportStream sender = await from.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        await sender.SendAllAsync("one way"u8.ToArray());
        TransportStream receiver = await to.AcceptStreamAsync().WithTimeout();

        CollectionAssert.AreEqual("one way"u8.ToArray(), await receiver.Input.ReadToEndAsync());
        Assert.AreEqual(firstId, sender.Id);
        Assert.AreEqual(firstId, receiver.Id);
        Assert.AreEqual(StreamDirection.Unidirectional, receiver.Direction);
        Assert.IsTrue(sender.CanWrite && !sender.CanRead && receiver.CanRead && !receiver.CanWrite);
        Assert.IsTrue((await sender.Input.ReadAsync().WithTimeout()).IsCompleted);
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(async () => await receiver.Output.WriteAsync(new byte[1]));
        Assert.IsTrue(receiver.SendCompletion.IsCompletedSuccessfully);
        await sender.SendCompletion.WithTimeout();
        await sender.Completion.WithTimeout();
        await receiver.Completion.WithTimeout();
    }

    private static async Task ServeAsync(TransportConnection connection, int count)
    {
        var echoes = new List<Task>();
        for (int i = 0; i < count; i++)
        {
            echoes.Add((await connection.AcceptStreamAsync().WithTimeout()).EchoAsync());
        }

        await Task.WhenAll(echoes);
    }

    private static async Task SendInPiecesAsync(TransportStream stream, byte[] data, int seed)
    {
        var random = new Random(seed);
        for (int sent = 0; sent < data.Length;)
        {
            int count = Math.Min(data.Length - sent, random.Next(1, 100_000));
            await stream.Output.WriteAsync(data.AsMemory(sent, count)).WithTimeout();
            sent += count;
        }

        await stream.Output.CompleteAsync();
    }

    private static async Task<byte[]> DigestAsync(TransportStream stream)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (true)
        {
            System.IO.Pipelines.ReadResult result = await stream.Input.ReadAsync().WithTimeout();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                digest.AppendData(segment.Span);
            }

            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return digest.GetHashAndReset();
            }
        }
    }
}
