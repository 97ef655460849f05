using System.Buffers;
using System.IO.Pipelines;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.ClientTests.Tcp;

/// <summary>Streams over TCP between two sides, over pipes and under a virtual clock.</summary>
[TestClass]
public sealed class TcpConnectionTests
{
    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public async Task Stream_ThatIsNotRead_HoldsUpNoOther()
    {
        (TcpConnection client, TcpConnection server) = Start();
        TransportStream stuck = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        TransportStream other = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();

        // More than the credit: the rest waits on this side.
        await stuck.Output.WriteAsync(new byte[TcpFrame.InitialCredit * 2]).WithTimeout();
        await other.Output.WriteAsync("quick"u8.ToArray()).WithTimeout();
        await server.AcceptStreamAsync().WithTimeout();
        TransportStream accepted = await server.AcceptStreamAsync().WithTimeout();

        Assert.AreEqual(5, (await accepted.Input.ReadAtLeastAsync(5).WithTimeout()).Buffer.Length);
        await EndAsync(client, server);
    }

    [TestMethod]
    public async Task Credit_AsTheReaderTakes_LetsAllThrough()
    {
        (TcpConnection client, TcpConnection server) = Start();
        byte[] sent = new byte[TcpFrame.InitialCredit * 10];
        new Random(7).NextBytes(sent);
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        Task writing = WriteAsync();
        TransportStream accepted = await server.AcceptStreamAsync().WithTimeout();

        var got = new ArrayBufferWriter<byte>();
        while (true)
        {
            ReadResult read = await accepted.Input.ReadAsync().WithTimeout();
            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                got.Write(piece.Span);
            }

            accepted.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await writing.WithTimeout();
        CollectionAssert.AreEqual(sent, got.WrittenSpan.ToArray());
        await stream.SendCompletion.WithTimeout();
        await EndAsync(client, server);

        async Task WriteAsync()
        {
            for (int at = 0; at < sent.Length; at += 10_000)
            {
                await stream.Output.WriteAsync(sent.AsMemory(at, Math.Min(10_000, sent.Length - at)));
            }

            await stream.Output.CompleteAsync();
        }
    }

    [TestMethod]
    public async Task Streams_BeyondWhatTheServerAllows_WaitUntilOthersAreDisposed()
    {
        (TcpConnection client, TcpConnection server) = Start();
        List<TransportStream> accepted = [];
        for (int i = 0; i < 100; i++)
        {
            TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
            stream.Abort(RawStreamErrorCodes.Cancelled);
            await stream.DisposeAsync();
            accepted.Add(await server.AcceptStreamAsync().WithTimeout());
        }

        // All are over, but their handlers are not: a client that opens and gives up cannot make a server run more of them.
        Assert.AreEqual(0, client.AvailableBidirectionalStreams);
        Assert.IsFalse(client.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out _));
        ValueTask<TransportStream> waiting = client.OpenStreamAsync(StreamDirection.Bidirectional);
        Assert.IsFalse(waiting.IsCompleted);
        await accepted[0].DisposeAsync();

        Assert.AreEqual(400, (await waiting.WithTimeout()).Id);
        await EndAsync(client, server);
    }

    [TestMethod]
    public async Task Abort_InEitherDirection_CarriesItsCode()
    {
        (TcpConnection client, TcpConnection server) = Start();
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(new byte[1]).WithTimeout();
        TransportStream accepted = await server.AcceptStreamAsync().WithTimeout();
        ReadResult first = await accepted.Input.ReadAsync().WithTimeout();
        Assert.AreEqual(1, first.Buffer.Length);
        accepted.Input.AdvanceTo(first.Buffer.End);

        accepted.AbortRead(0x1234);
        stream.AbortRead(0x4321);

        Assert.AreEqual(0x1234, (await Assert.ThrowsExactlyAsync<TransportException>(() => stream.SendCompletion.WithTimeout())).ApplicationErrorCode);
        Assert.AreEqual(0x4321, (await Assert.ThrowsExactlyAsync<TransportException>(() => accepted.SendCompletion.WithTimeout())).ApplicationErrorCode);
        await EndAsync(client, server);
    }

    [TestMethod]
    public async Task Data_BeyondTheCredit_EndsTheConnection()
    {
        (PipeLink peer, PipeLink link) = PipeLink.MakePair();
        TcpConnection server = TcpConnection.Start(link, FrameExampleTests.Options(_time), isServer: true, TimeSpan.Zero);

        for (int i = 0; i < 5; i++)
        {
            TcpFrame.Write(peer.Output, TcpFrame.Data, 0, new ReadOnlySequence<byte>(new byte[TcpFrame.MaxData]));
        }

        await peer.Output.FlushAsync().WithTimeout();

        Assert.AreEqual(TransportError.ProtocolViolation, (await server.Closed.WithTimeout()).Error);
        await peer.Output.CompleteAsync();
        await server.Finished.WithTimeout();
    }

    [TestMethod]
    public async Task Tcp_ThatEndsWithoutClose_IsALostConnection()
    {
        (TcpConnection client, TcpConnection server) = Start(out PipeLink clientLink);
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(new byte[1]).WithTimeout();
        TransportStream accepted = await server.AcceptStreamAsync().WithTimeout();
        accepted.Input.AdvanceTo((await accepted.Input.ReadAsync().WithTimeout()).Buffer.End);

        clientLink.Abort();

        Assert.AreEqual(TransportError.ConnectionLost, (await client.Closed.WithTimeout()).Error);
        TransportException failure = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.Input.ReadAsync().WithTimeout());
        Assert.AreEqual(TransportError.ConnectionLost, failure.Error);
        await server.DisposeAsync().WithTimeout();
    }

    [TestMethod]
    public async Task Idle_BeyondTheTimeout_IsALostConnection()
    {
        (PipeLink _, PipeLink link) = PipeLink.MakePair();
        TcpConnection server = TcpConnection.Start(link, FrameExampleTests.Options(_time) with { IdleTimeout = TimeSpan.FromSeconds(30) }, isServer: true, TimeSpan.Zero);

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.IsFalse(server.Closed.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(16));

        Assert.AreEqual(TransportError.ConnectionLost, (await server.Closed.WithTimeout()).Error);
    }

    [TestMethod]
    public async Task Ping_IsAnsweredByThePeer()
    {
        (TcpConnection client, TcpConnection server) = Start();

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.PingAsync().AsTask())).WithTimeout();

        Assert.IsNotNull(client.GetPathStatistics().SmoothedRtt);
        await EndAsync(client, server);
    }

    private (TcpConnection Client, TcpConnection Server) Start() => Start(out _);

    private (TcpConnection Client, TcpConnection Server) Start(out PipeLink clientLink)
    {
        (PipeLink client, PipeLink server) = PipeLink.MakePair();
        clientLink = client;
        return (
            TcpConnection.Start(client, FrameExampleTests.Options(_time), isServer: false, TimeSpan.Zero),
            TcpConnection.Start(server, FrameExampleTests.Options(_time), isServer: true, TimeSpan.Zero));
    }

    private static async Task EndAsync(TcpConnection client, TcpConnection server)
    {
        await client.DisposeAsync().WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, (await server.Closed.WithTimeout()).Initiator);
        await server.Finished.WithTimeout();
        await client.Finished.WithTimeout();
    }
}
