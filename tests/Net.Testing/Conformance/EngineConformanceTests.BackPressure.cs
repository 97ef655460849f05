using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Flow control and back-pressure: what nobody reads is not accepted without end.</content>
public abstract partial class EngineConformanceTests
{
    private const int SmallWindow = 64 << 10;

    // What no engine takes with small windows while nobody reads, whatever it buffers and however its window has grown meanwhile.
    private const int MoreThanFits = 4 << 20;

    [TestMethod]
    public async Task FlushAsync_NobodyReads_WaitsAtWindowPlusSendBufferUntilSomebodyDoes()
    {
        ConformancePair pair = await ConnectPairAsync(SmallSendBuffer, SmallWindows);
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        const int Total = 4 << 20;
        var writer = new CountingWriter(client, Total);

        await writer.Blocked.WithTimeout();
        await WaitUntilStillAsync(pair, () => writer.Accepted);
        long accepted = writer.Accepted;
        Assert.IsFalse(writer.Completion.IsCompleted);
        Assert.IsLessThanOrEqualTo(2 * SmallWindow + BackPressureSlack, accepted);
        Assert.IsGreaterThanOrEqualTo(SmallWindow, accepted);

        byte[] all = await server.Input.ReadToEndAsync();
        await writer.Completion.WithTimeout();
        Assert.HasCount(Total, all);
    }

    [TestMethod]
    public async Task FlushAsync_NobodyReads_WaitsAtWindowPlusUnsentBuffer()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { Limits = o.Limits with { StreamUnsentBuffer = SmallWindow } }, SmallWindows);
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        const int Total = 4 << 20;
        var writer = new CountingWriter(client, Total);

        await writer.Blocked.WithTimeout();
        await WaitUntilStillAsync(pair, () => writer.Accepted);
        Assert.IsLessThanOrEqualTo(2 * SmallWindow + BackPressureSlack, writer.Accepted);

        Assert.HasCount(Total, await server.Input.ReadToEndAsync());
        await writer.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task FlushAsync_NobodyReadsOnTheClient_ServerWaitsToo()
    {
        ConformancePair pair = await ConnectPairAsync(
            o => o with { Limits = o.Limits with { StreamReceiveWindow = SmallWindow } }, o => o with { Limits = o.Limits with { StreamSendBuffer = SmallWindow } });
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        const int Total = 4 << 20;
        var writer = new CountingWriter(server, Total);

        await writer.Blocked.WithTimeout();
        await WaitUntilStillAsync(pair, () => writer.Accepted);
        Assert.IsFalse(writer.Completion.IsCompleted);
        Assert.IsLessThanOrEqualTo(2 * SmallWindow + BackPressureSlack, writer.Accepted);

        Assert.HasCount(Total, await client.Input.ReadToEndAsync());
        await writer.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task DefaultWindows_NearlyAllStreamsUnread_HoldUpNoOther()
    {
        ConformancePair pair = await ConnectPairAsync(SmallSendBuffer);
        int most = TransportLimits.Default.MaxInboundBidirectionalStreams - 1;
        var ends = new List<(TransportStream Client, TransportStream Server)>();
        for (int i = 0; i < most; i++)
        {
            ends.Add(await pair.OpenStreamAsync());
        }

        int each = TransportLimits.Default.StreamReceiveWindow * 2;
        CountingWriter[] writers = [.. ends.Select(e => new CountingWriter(e.Client, each))];
        await Task.WhenAll(writers.Select(w => w.Blocked)).WithTimeout();

        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAllAsync("goes on"u8.ToArray());
        CollectionAssert.AreEqual("goes on"u8.ToArray(), await server.Input.ReadToEndAsync());
        Assert.IsTrue(writers.All(w => !w.Completion.IsCompleted));

        ends.ForEach(static e => e.Client.Abort(0));
        await Task.WhenAll(writers.Select(w => w.Completion)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [TestMethod]
    public async Task ConnectionReceiveWindow_ManyStreamsUnread_BoundsTheirSum()
    {
        const int Streams = 20;
        const int ConnectionWindow = 256 << 10;
        ConformancePair pair = await ConnectPairAsync(
            SmallSendBuffer,
            o => o with { Limits = o.Limits with { ConnectionReceiveWindow = ConnectionWindow, StreamReceiveWindow = ConnectionWindow } });
        var ends = new List<(TransportStream Client, TransportStream Server)>();
        for (int i = 0; i < Streams; i++)
        {
            ends.Add(await pair.OpenStreamAsync());
        }

        const int Each = 512 << 10;
        CountingWriter[] writers = [.. ends.Select(e => new CountingWriter(e.Client, Each))];
        await Task.WhenAny(writers.Select(w => w.Blocked)).WithTimeout();
        await WaitUntilStillAsync(pair, () => writers.Sum(w => w.Accepted));

        // Each stream may hold its send buffer and one write beyond it; only the connection's window is on the other side.
        long limit = ConnectionWindow + (Streams * (SmallWindow + CountingWriter.PieceSize)) + BackPressureSlack;
        Assert.IsLessThanOrEqualTo(limit, writers.Sum(w => w.Accepted));
        Assert.IsTrue(writers.Any(w => !w.Completion.IsCompleted));

        byte[][] all = await Task.WhenAll(ends.Select(e => e.Server.Input.ReadToEndAsync()));
        Assert.IsTrue(all.All(a => a.Length == Each));
    }

    [TestMethod]
    public async Task SlowReader_OfOneStream_DoesNotStopTheOthers()
    {
        ConformancePair pair = await ConnectPairAsync(SmallSendBuffer, SmallWindows);
        (TransportStream blocked, TransportStream unread) = await pair.OpenStreamAsync();
        var writer = new CountingWriter(blocked, 1 << 20);
        (TransportStream other, TransportStream otherServer) = await pair.OpenStreamAsync();
        byte[] data = new byte[1 << 20];
        TestSeed.TakeRandom(TestContext).NextBytes(data);

        Task<byte[]> reading = otherServer.Input.ReadToEndAsync();
        await other.SendAllAsync(data);

        CollectionAssert.AreEqual(data, await reading);
        await writer.Blocked.WithTimeout();
        Assert.IsFalse(writer.Completion.IsCompleted);
        await unread.Input.ReadToEndAsync();
        await writer.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task AbortRead_WhileThePeerIsBlocked_ReleasesItAndTheConnectionsCredit()
    {
        ConformancePair pair = await ConnectPairAsync(
            SmallSendBuffer,
            o => o with { Limits = o.Limits with { ConnectionReceiveWindow = SmallWindow, StreamReceiveWindow = SmallWindow } });
        (TransportStream blocked, TransportStream unread) = await pair.OpenStreamAsync();
        (TransportStream other, TransportStream otherServer) = await pair.OpenStreamAsync();
        ValueTask<System.IO.Pipelines.FlushResult> flush = blocked.Output.WriteAsync(new byte[8 * SmallWindow]);
        Assert.IsFalse(flush.IsCompleted);

        unread.AbortRead(3);

        TransportException exception = await FailsAsync(TransportError.StreamReset, () => flush.AsTask());
        Assert.AreEqual(3, exception.ApplicationErrorCode);

        // All of the connection's credit was used by the aborted stream; without it back nothing could move.
        Task<byte[]> reading = otherServer.Input.ReadToEndAsync();
        await other.SendAllAsync(new byte[4 * SmallWindow]);
        Assert.HasCount(4 * SmallWindow, await reading);
    }

    [TestMethod]
    public async Task ResetByThePeer_WhileItsBytesAreUnread_ReleasesTheConnectionsCredit()
    {
        ConformancePair pair = await ConnectPairAsync(
            SmallSendBuffer,
            o => o with { Limits = o.Limits with { ConnectionReceiveWindow = SmallWindow, StreamReceiveWindow = SmallWindow } });
        for (int i = 0; i < 5; i++)
        {
            (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
            ValueTask<System.IO.Pipelines.FlushResult> flush = client.Output.WriteAsync(new byte[8 * SmallWindow]);
            client.AbortWrite(4);
            await FailsAsync(TransportError.StreamReset, () => server.Input.ReadToEndAsync());
            await FailsAsync(TransportError.StreamReset, () => flush.AsTask());
            await client.DisposeAsync();
            await server.DisposeAsync();
        }

        (TransportStream last, TransportStream lastServer) = await pair.OpenStreamAsync();
        Task<byte[]> reading = lastServer.Input.ReadToEndAsync();
        await last.SendAllAsync(new byte[4 * SmallWindow]);
        Assert.HasCount(4 * SmallWindow, await reading);
    }

    private static ConnectOptions SmallSendBuffer(ConnectOptions options) =>
        options with { Limits = options.Limits with { StreamSendBuffer = SmallWindow } };

    private static ListenOptions SmallWindows(ListenOptions options) =>
        options with { Limits = options.Limits with { StreamReceiveWindow = SmallWindow, ConnectionReceiveWindow = 1 << 20 } };

    // There is no event for "nothing happens". Round trips through the same engines pass instead: what could move has moved by then.
    // They need no credit from the client to the server, as that may be used up.
    private static async Task WaitUntilStillAsync(ConformancePair pair, Func<long> progress)
    {
        long before = -1;
        for (int still = 0; still < 50; still++)
        {
            TransportStream server = await pair.Server.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
            await server.SendAllAsync("x"u8.ToArray());
            TransportStream client = await pair.Client.AcceptStreamAsync().WithTimeout();
            await client.Input.ReadToEndAsync();
            await server.SendCompletion.WithTimeout();
            await client.DisposeAsync();
            await server.DisposeAsync();
            long now = progress();
            if (now != before)
            {
                still = 0;
                before = now;
            }
        }
    }

    /// <summary>Writes on its own and counts what was accepted.</summary>
    private sealed class CountingWriter
    {
        public const int PieceSize = 16 << 10;

        private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _accepted;

        public CountingWriter(TransportStream stream, int total) => Completion = Task.Run(() => WriteAsync(stream, total));

        public long Accepted => Interlocked.Read(ref _accepted);

        public Task Completion { get; }

        /// <summary>Completes when a flush had to wait for the first time.</summary>
        public Task Blocked => _blocked.Task;

        private async Task WriteAsync(TransportStream stream, int total)
        {
            byte[] piece = new byte[PieceSize];
            for (int written = 0; written < total; written += PieceSize)
            {
                // Counted before the flush, as the engine holds it from then on.
                Interlocked.Add(ref _accepted, PieceSize);
                ValueTask<System.IO.Pipelines.FlushResult> flush = stream.Output.WriteAsync(piece);
                if (!flush.IsCompleted)
                {
                    _blocked.TrySetResult();
                }

                await flush;
            }

            await stream.Output.CompleteAsync();
        }
    }
}
