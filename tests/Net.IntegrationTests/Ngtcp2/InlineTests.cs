using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Continuations on the engine's own threads, where the application asks for it, and only there.</summary>
[TestClass]
public sealed class InlineTests : Ngtcp2Test
{
    [TestMethod]
    [DataRow("127.0.0.1", true)]
    [DataRow("::1", true)]
    [DataRow("127.0.0.1", false)]
    [DataRow("::1", false)]
    public async Task InlineContinuations_AsConfigured_RunOnTheLoopsThread(string address, bool inline)
    {
        Ngtcp2Engine engine = NewEngine();
        await using TransportListener listener = await engine.ListenAsync(ListenOn(address) with { InlineContinuations = inline }).WithTimeout();
        Task<TransportConnection?> accepting = listener.AcceptAsync().WithTimeout();
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(listener.LocalEndPoint) with { InlineContinuations = inline }).WithTimeout());
        TransportConnection server = Own((await accepting)!);

        Task<(TransportStream Stream, string Thread)> accepted = AcceptAsync(server);
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(Echo.Payload(10)).WithTimeout();
        var (peer, acceptThread) = await accepted.WithTimeout();
        AssertThread(inline, "net-ngtcp2-listen-", acceptThread);

        Task<string> serverRead = ReadAsync(peer, 100);
        Task<string> clientRead = ReadAsync(stream, 100);
        await stream.Output.WriteAsync(Echo.Payload(90)).WithTimeout();
        await peer.Output.WriteAsync(Echo.Payload(100)).WithTimeout();
        AssertThread(inline, "net-ngtcp2-listen-", await serverRead.WithTimeout());
        AssertThread(inline, "net-ngtcp2-client-", await clientRead.WithTimeout());

        Task<string> flush = FlushAsync(stream);
        await peer.Input.CopyToAsync(Stream.Null).WithTimeout();
        AssertThread(inline, "net-ngtcp2-client-", await flush.WithTimeout());
        await peer.DisposeAsync();
    }

    // Each returns to the thread pool at its end, so that the test itself does not go on where continuations run.
    private static async Task<(TransportStream Stream, string Thread)> AcceptAsync(TransportConnection connection)
    {
        ValueTask<TransportStream> accept = connection.AcceptStreamAsync();
        Assert.IsFalse(accept.IsCompleted);
        TransportStream stream = await accept;
        string thread = CurrentThread();
        await Task.Yield();
        return (stream, thread);
    }

    private static async Task<string> ReadAsync(TransportStream stream, int atLeast)
    {
        var read = stream.Input.ReadAtLeastAsync(atLeast);
        Assert.IsFalse(read.IsCompleted);
        stream.Input.AdvanceTo((await read).Buffer.End);
        string thread = CurrentThread();
        await Task.Yield();
        return thread;
    }

    // Writes more than window and send buffer hold, so that the flush waits until the peer reads; then ends the stream.
    private static async Task<string> FlushAsync(TransportStream stream)
    {
        var flush = stream.Output.WriteAsync(Echo.Payload(16 << 20));
        Assert.IsFalse(flush.IsCompleted);
        await flush;
        string thread = CurrentThread();
        await stream.Output.CompleteAsync();
        await Task.Yield();
        return thread;
    }

    private static string CurrentThread() => Thread.CurrentThread.Name ?? "";

    private static void AssertThread(bool inline, string prefix, string name)
    {
        if (inline)
        {
            Assert.StartsWith(prefix, name);
        }
        else
        {
            Assert.DoesNotStartWith("net-ngtcp2", name);
        }
    }
}
