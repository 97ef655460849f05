using System.Buffers;
using System.IO.Pipelines;
using Net.Client;
using Net.Testing;

namespace Net.UnitTests.Server;

/// <summary>The client's pipes alone, over bare pipes: when the header goes out, and what is told to the peer at the end.</summary>
[TestClass]
public sealed class RawStreamPipeTests
{
    [TestMethod]
    public async Task Write_First_SendsHeaderAndBytesTogether()
    {
        (PipeTransportStream client, PipeTransportStream server) = PipeTransportStream.CreatePair();
        await using RawStream stream = Open(client);
        stream.Output.Write("hi"u8);
        Assert.IsFalse(server.Input.TryRead(out _));

        await stream.Output.FlushAsync();

        ReadResult read = await server.Input.ReadAsync();
        Assert.AreEqual("0610046563686F6869", Convert.ToHexString(read.Buffer.ToArray()));
    }

    [TestMethod]
    public async Task Complete_WithoutBytes_SendsTheHeaderAndTheEnd()
    {
        (PipeTransportStream client, PipeTransportStream server) = PipeTransportStream.CreatePair();
        await using RawStream stream = Open(client);

        await stream.Output.CompleteAsync();

        ReadResult read = await server.Input.ReadAsync();
        Assert.AreEqual("0610046563686F", Convert.ToHexString(read.Buffer.ToArray()));
        Assert.IsTrue(read.IsCompleted);
    }

    [TestMethod]
    public async Task Read_BeforeAHeaderLargerThanTheSendBuffer_LetsTheFirstFlushWaitItsTurn()
    {
        (PipeTransportStream client, PipeTransportStream server) = PipeTransportStream.CreatePair(sendBuffer: 1024);
        var header = new RawStreamHeader("echo") { Metadata = RawStreamMetadata.Create(("big", new string('x', 4000))) };
        await using var stream = new RawStream(client, header, RawStreamLimits.Default, TimeProvider.System, 0, null);

        Task<ReadResult> reading = stream.Input.ReadAsync().AsTask();
        Task<FlushResult> writing = stream.Output.WriteAsync("hi"u8.ToArray()).AsTask();
        Assert.IsFalse(writing.IsCompleted);
        byte[] received = [];
        while (received.Length < 4015 + 2)
        {
            ReadResult read = await server.Input.ReadAsync().WithTimeout();
            received = [.. received, .. read.Buffer.ToArray()];
            server.Input.AdvanceTo(read.Buffer.End);
        }

        await writing.WithTimeout();
        CollectionAssert.AreEqual("hi"u8.ToArray(), received[^2..]);
        await server.Output.WriteAsync("ok"u8.ToArray());
        Assert.AreEqual(2, (await reading.WithTimeout()).Buffer.Length);
    }

    [TestMethod]
    public async Task Dispose_OutputNotCompleted_CancelsBothDirections()
    {
        (PipeTransportStream client, _) = PipeTransportStream.CreatePair();
        RawStream stream = Open(client);
        await stream.Output.WriteAsync("half"u8.ToArray());

        await stream.DisposeAsync();
        await stream.DisposeAsync();

        Assert.AreEqual("write 8, read 8", string.Join(", ", client.Aborts));
    }

    [TestMethod]
    public async Task Dispose_OutputCompleted_OnlySaysThatNoMoreIsRead()
    {
        (PipeTransportStream client, _) = PipeTransportStream.CreatePair();
        RawStream stream = Open(client);
        await stream.Output.CompleteAsync();

        await stream.DisposeAsync();

        Assert.AreEqual("read 0", string.Join(", ", client.Aborts));
    }

    [TestMethod]
    public async Task Complete_WithAnException_ResetsWithCancelled()
    {
        (PipeTransportStream client, _) = PipeTransportStream.CreatePair();
        await using RawStream stream = Open(client);
        await stream.Output.WriteAsync("half"u8.ToArray());

        await stream.Output.CompleteAsync(new InvalidDataException());
        await stream.Input.CompleteAsync(new InvalidDataException());

        Assert.AreEqual("write 8, read 8", string.Join(", ", client.Aborts));
    }

    [TestMethod]
    public async Task ReadAndWrite_OnAStreamThatIsResetAlready_FailInTheProtocolsWords()
    {
        (PipeTransportStream client, PipeTransportStream server) = PipeTransportStream.CreatePair();
        await using RawStream stream = Open(client);
        var reset = new TransportException(TransportError.StreamReset, "reset") { ApplicationErrorCode = RawStreamErrorCodes.UnknownRoute };
        await server.Output.CompleteAsync(reset);
        await server.Input.CompleteAsync(reset);

        foreach (Func<Task> operation in (Func<Task>[])
        [
            () => stream.Input.ReadAsync().AsTask(),
            () => stream.Input.ReadAtLeastAsync(5).AsTask(),
            () => Task.Run(() => stream.Input.TryRead(out _)),
        ])
        {
            TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(operation);
            Assert.Contains("'echo' was refused", exception.Message);
            Assert.AreSame(reset, exception.InnerException);
        }
    }

    private static RawStream Open(PipeTransportStream transport) =>
        new(transport, new RawStreamHeader("echo"), RawStreamLimits.Default, TimeProvider.System, 0, null);
}
