using System.IO.Pipelines;
using Net.Client;
using Net.Server;
using Net.Testing;

namespace Net.UnitTests.Server;

/// <summary>An echo on a stream that exists allocates nothing in our layers: neither in the handler nor in the client's pipes.</summary>
[TestClass]
public sealed class EchoAllocationTests
{
    [TestMethod]
    public async Task EchoHandler_ManyEchoesOnOneStream_AllocatesNothing()
    {
        (PipeTransportStream client, PipeTransportStream server) = PipeTransportStream.CreatePair();
        Task handling = StartEcho(server);

        long allocated = Measure(client.Input, client.Output, 1000);

        Assert.AreEqual(0, allocated);
        await client.Output.CompleteAsync();
        await handling.WithTimeout();
    }

    [TestMethod]
    public async Task RawStream_ManyEchoesOnOneStream_AllocatesNothing()
    {
        (PipeTransportStream client, PipeTransportStream server) = PipeTransportStream.CreatePair();
        await using var stream = new RawStream(client, new RawStreamHeader("echo"), RawStreamLimits.Default, TimeProvider.System, 0, null);
        await stream.Output.FlushAsync();
        ReadResult header = await server.Input.ReadAsync();
        server.Input.AdvanceTo(header.Buffer.End);
        Task handling = StartEcho(server);

        long allocated = Measure(stream.Input, stream.Output, 1000);

        Assert.AreEqual(0, allocated);
        await stream.Output.CompleteAsync();
        await handling.WithTimeout();
    }

    // The echo never looks at its connection.
    private static Task StartEcho(PipeTransportStream server) =>
        new EchoHandler().HandleAsync(new RawStreamContext(null!, server, new RawStreamHeader("echo"), null, TimeProvider.System, CancellationToken.None));

    /// <summary>Reads are waited for before the bytes are written, as a real echo is, so that both sides' waiting is measured too.</summary>
    private static long Measure(PipeReader input, PipeWriter output, int count)
    {
        byte[] payload = new byte[64];
        var waiter = new Waiter(input);
        for (int i = 0; i < 100; i++)
        {
            waiter.Exchange(output, payload);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < count; i++)
        {
            waiter.Exchange(output, payload);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>Awaits by hand: an async method of the test's own would allocate its state machine.</summary>
    private sealed class Waiter
    {
        private readonly PipeReader _input;
        private readonly Action _received;
        private System.Runtime.CompilerServices.ValueTaskAwaiter<ReadResult> _awaiter;
        private bool _isReceived;

        internal Waiter(PipeReader input)
        {
            _input = input;
            _received = Receive;
        }

        internal void Exchange(PipeWriter output, byte[] payload)
        {
            _isReceived = false;
#pragma warning disable CA2012 // Used once, in Receive, as await would.
            _awaiter = _input.ReadAsync().GetAwaiter();
            Assert.IsFalse(_awaiter.IsCompleted);
            _awaiter.UnsafeOnCompleted(_received);
            ValueTask<FlushResult> flush = output.WriteAsync(payload);
            Assert.IsTrue(flush.IsCompletedSuccessfully);
            _ = flush.Result;
#pragma warning restore CA2012
            Assert.IsTrue(_isReceived, "Everything runs inline, so the echo is back when the write returns.");
        }

        private void Receive()
        {
            ReadResult read = _awaiter.GetResult();
            _isReceived = read.Buffer.Length == 64;
            _input.AdvanceTo(read.Buffer.End);
        }
    }
}
