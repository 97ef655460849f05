using System.Buffers;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Many streams at once, and memory that the peer cannot make grow.</summary>
[TestClass]
public sealed class StreamScaleTests : Ngtcp2Test
{
    private const int ManyStreams = 2000;

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Streams_TwoThousandOpenAtOnce_AllComplete(string address)
    {
        var limits = new TransportLimits { MaxInboundBidirectionalStreams = ManyStreams };
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Limits = limits });
        var (client, accepted) = await ConnectAsync(engine, server);
        Assert.AreEqual(ManyStreams, client.AvailableBidirectionalStreams);
        TransportStream[] streams = new TransportStream[ManyStreams];
        for (int i = 0; i < ManyStreams; i++)
        {
            Assert.IsTrue(client.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out TransportStream? stream));
            streams[i] = stream;
        }

        Assert.AreEqual(0, client.AvailableBidirectionalStreams);
        Assert.IsFalse(client.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out _));

        // None ends before all have been heard from.
        await Task.WhenAll(streams.Select(static (stream, i) => Echo.ExchangeAsync(stream, Echo.Payload(200, i)))).WithTimeout();
        Assert.AreEqual(ManyStreams, server.Streams);
        await Task.WhenAll(streams.Select(static (stream, i) => Echo.RoundTripAsync(stream, Echo.Payload(100, i)))).WithTimeout();
        await Task.WhenAll(streams.Select(static stream => stream.Completion)).WithTimeout();
        foreach (TransportStream stream in streams)
        {
            await stream.DisposeAsync();
        }

        // Places come back in lumps of an eighth.
        await Waiting.Until(() => client.AvailableBidirectionalStreams >= ManyStreams * 7 / 8, "the places are free again");
        await Echo.RoundTripAsync(client, Echo.Payload(100));
        Assert.IsFalse(accepted.Closed.IsCompleted);
    }

    [TestMethod]
    [DataRow("127.0.0.1", 10_000_000)]
    [DataRow("::1", 2_000_000)]
    public async Task SlowReader_OfSixtyFourLargeStreams_HoldsNoMoreThanTheWindows(string address, int bytesPerStream)
    {
        const int Streams = 64;
        const int SendBuffer = 64 << 10;
        const int StreamWindow = 128 << 10;
        const int ConnectionWindow = 1 << 20;
        var limits = new TransportLimits { StreamReceiveWindow = StreamWindow, ConnectionReceiveWindow = ConnectionWindow, StreamSendBuffer = SendBuffer };
        Ngtcp2Engine engine = NewEngine();
        await using TransportListener listener = await engine.ListenAsync(ListenOn(address) with { Limits = limits }).WithTimeout();
        Task<TransportConnection?> accepting = listener.AcceptAsync().WithTimeout();
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(listener.LocalEndPoint) with { Limits = limits }).WithTimeout());
        TransportConnection server = Own((await accepting)!);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var written = new long[Streams];
        Task[] writers = [.. Enumerable.Range(0, Streams).Select(i => WriteAsync(client, bytesPerStream, i, written))];

        // Nobody reads: the writers stop by themselves, each at the latest when window and send buffer are full.
        long taken = await WaitForStandstillAsync(written, ConnectionWindow);
        Assert.IsLessThanOrEqualTo(ConnectionWindow + (Streams * (SendBuffer + (16L << 10))), taken, "The writers were let write more than windows and buffers hold.");
        Assert.IsGreaterThanOrEqualTo((long)ConnectionWindow, taken);
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.IsLessThan(48L << 20, held, "The memory of both sides follows the windows, not what waits to be sent.");

        long read = 0;
        long most = 0;
        Task[] readers = new Task[Streams];
        for (int i = 0; i < Streams; i++)
        {
            TransportStream stream = await server.AcceptStreamAsync().WithTimeout();
            readers[i] = ReadAsync(stream, (int)(stream.Id >> 2), bytesPerStream, bytes =>
            {
                if (Interlocked.Add(ref read, bytes) % (16 << 20) < bytes)
                {
                    InterlockedMax(ref most, GC.GetTotalMemory(forceFullCollection: false) - before);
                }
            });
        }

        await Task.WhenAll(readers).WithTimeout(TimeSpan.FromMinutes(2));
        await Task.WhenAll(writers).WithTimeout();
        Assert.AreEqual((long)Streams * bytesPerStream, read);
        Assert.IsLessThan(192L << 20, Volatile.Read(ref most), "Garbage included.");
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen = Volatile.Read(ref target);
        while (value > seen)
        {
            long now = Interlocked.CompareExchange(ref target, value, seen);
            if (now == seen)
            {
                return;
            }

            seen = now;
        }
    }

    /// <summary>Waits until so many bytes at least are written, and no more for a good while.</summary>
    private static async Task<long> WaitForStandstillAsync(long[] written, long atLeast)
    {
        const int LooksWithoutChange = 50;
        long last = 0;
        int looks = 0;
        await Waiting.Until(() =>
        {
            long sum = 0;
            for (int i = 0; i < written.Length; i++)
            {
                sum += Volatile.Read(ref written[i]);
            }

            looks = sum == last ? looks + 1 : 0;
            last = sum;
            return sum >= atLeast && looks >= LooksWithoutChange;
        }, "the writers stand still");
        return last;
    }

    private static async Task WriteAsync(TransportConnection client, int bytes, int number, long[] written)
    {
        byte[] block = Echo.Payload(16 << 10, number);
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Unidirectional);
        for (int sent = 0; sent < bytes;)
        {
            int count = Math.Min(block.Length, bytes - sent);
            await stream.Output.WriteAsync(block.AsMemory(0, count));
            sent += count;
            Volatile.Write(ref written[number], sent);
        }

        await stream.Output.CompleteAsync();
        await stream.SendCompletion;
    }

    private static async Task ReadAsync(TransportStream stream, int number, int bytes, Action<int> note)
    {
        byte[] block = Echo.Payload(16 << 10, number);
        int position = 0;
        await using (stream)
        {
            while (true)
            {
                var read = await stream.Input.ReadAsync();
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                {
                    ReadOnlySpan<byte> rest = part.Span;
                    while (!rest.IsEmpty)
                    {
                        ReadOnlySpan<byte> expected = block.AsSpan(position % block.Length);
                        int count = Math.Min(expected.Length, rest.Length);
                        Assert.IsTrue(rest[..count].SequenceEqual(expected[..count]), $"Stream {stream.Id} differs at {position}.");
                        rest = rest[count..];
                        position += count;
                    }
                }

                note((int)read.Buffer.Length);
                stream.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }

        Assert.AreEqual(bytes, position);
    }
}
