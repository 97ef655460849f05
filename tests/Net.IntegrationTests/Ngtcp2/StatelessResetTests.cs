using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>A server that has lost its memory tells its clients (RFC 9000, section 10.3). A relay keeps the goodbye of the old server from them, as a crash does.</summary>
[TestClass]
public sealed class StatelessResetTests : Ngtcp2Test
{
    private static readonly byte[] Secret = Echo.Payload(32, seed: 1);

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connection_OfAServerThatCameBackWithItsSecret_IsResetAtOnce(string address)
    {
        var (client, restarted) = await RestartAsync(address, Secret);
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        Task write = stream.Output.WriteAsync(Echo.Payload(1000)).AsTask();

        // There is no idle timeout that could end it instead.
        ConnectionClose close = await client.Closed.WithTimeout();
        Assert.AreEqual(TransportError.ConnectionLost, close.Error);
        Assert.AreEqual(CloseInitiator.None, close.Initiator);
        Assert.Contains("stateless reset", close.Reason);
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.Input.ReadAsync().WithTimeout());
        Assert.AreEqual(TransportError.ConnectionLost, failure.Error);
        await write.ContinueWith(static _ => { }, TaskScheduler.Default).WithTimeout(awaited: "the write, which may have been quicker than the reset");
        Assert.IsGreaterThanOrEqualTo(1, restarted.State.StatelessResets);
        Assert.AreEqual((0, 0), await CountAsync(restarted.Loops), "Resetting needs no state.");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connection_OfAServerWithAnotherSecret_IsNotResetByIt(string address)
    {
        var (client, restarted) = await RestartAsync(address, Echo.Payload(32, seed: 2));
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(Echo.Payload(1000)).WithTimeout();

        // The client repeats its packets, and each is answered with a reset that it has no reason to believe.
        await Waiting.Until(() => restarted.State.StatelessResets >= 4);
        Assert.IsFalse(client.Closed.IsCompleted);
        await stream.DisposeAsync();
    }

    private async Task<(TransportConnection Client, EchoServer Restarted)> RestartAsync(string address, byte[] secretAfterwards)
    {
        Ngtcp2Engine engine = NewEngine();
        bool isCut = false;
        EchoServer first = await EchoServer.StartAsync(engine, ListenOn(address) with { StaticSecret = Secret, IdleTimeout = Timeout.InfiniteTimeSpan });
        UdpRelay relay = Own(new UdpRelay(first.EndPoint, (RelayDirection _, ReadOnlySpan<byte> _, ref byte _) => !Volatile.Read(ref isCut)));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint) with { IdleTimeout = Timeout.InfiniteTimeSpan }).WithTimeout());
        await Echo.RoundTripAsync(client, "before");

        Volatile.Write(ref isCut, true);
        int port = first.EndPoint.Port;
        await first.DisposeAsync();
        await relay.CatchUpAsync();
        EchoServer restarted = await ListenAsync(engine, ListenOn(address, port: port) with { StaticSecret = secretAfterwards });
        Volatile.Write(ref isCut, false);
        return (client, restarted);
    }
}
