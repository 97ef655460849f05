using Net.Ngtcp2;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>What this side's own code fails at ends one connection, with an internal error, and none of the others that share its driver.</summary>
[TestClass]
public sealed class CallbackFailureTests : DriverTest
{
    private static readonly InvalidOperationException Failure = new("the host cannot do this now");

    [TestMethod]
    public void Read_CallbackThrows_EndsThatConnectionOnly()
    {
        // A client looks at the clock when its data is acknowledged, which is inside the library; the first look of a read is outside.
        using var pair = new DriverPair();
        (Ngtcp2Connection victim, Ngtcp2Connection server, Ngtcp2Connection other) = EstablishTwo(pair);
        _ = DriverPair.Open(victim).Output.WriteAsync(new byte[1000]).AsTask();
        int looks = 0;
        bool isReading = false;
        pair.Client.Arrived = (_, _) => isReading = true;
        pair.Client.Fault = fault => isReading && fault == SimulatedFault.Clock && ++looks == 2 ? Failure : null;
        CheckEnded(pair, victim, server);
        CheckServed(pair, other);
    }

    [TestMethod]
    public void Write_CallbackThrows_EndsThatConnectionOnly()
    {
        // A client that moves gives an id back, and the server makes another one inside the library.
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection victim, Ngtcp2Connection other) = EstablishTwo(pair);
        FailOnce(pair.Server, SimulatedFault.Id);
        Task migration = client.MigrateAsync().AsTask();
        CheckEnded(pair, victim, client);
        Assert.IsTrue(migration.Wait(Seconds(30)), "The new path had answered by then.");
        CheckServed(pair, other);
    }

    [TestMethod]
    public void Dice_Throw_EndThatConnectionOnly()
    {
        // BBR draws lots inside the library, once it knows the path's bandwidth, and cannot be told that there are none.
        using var pair = new DriverPair();
        pair.SetLinks(static l => (l.Latency, l.BitsPerSecond) = (Milliseconds(10), 20_000_000));
        (_, _, Ngtcp2Connection other) = EstablishTwo(pair);
        (Ngtcp2Connection victim, Ngtcp2Connection server) = pair.Establish(static o => o with { CongestionControl = CongestionControl.Bbr });
        FailOnce(pair.Client, SimulatedFault.Dice);
        Task serving = Application.ServeAsync(server, static s => Application.ReceiveAsync(s.Input));
        Task sending = Application.SendAsync(DriverPair.Open(victim).Output, 1, 10_000_000);
        CheckEnded(pair, victim, server);
        pair.Network.Run(serving);
        Assert.IsTrue(sending.IsFaulted);
        CheckServed(pair, other);
    }

    [TestMethod]
    public void Send_SocketThrows_EndsThatConnectionOnly()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection victim, Ngtcp2Connection server, Ngtcp2Connection other) = EstablishTwo(pair);
        FailOnce(pair.Client, SimulatedFault.Send);
        _ = DriverPair.Open(victim).Output.WriteAsync(new byte[1000]).AsTask();
        CheckEnded(pair, victim, server);
        CheckServed(pair, other);
    }

    [TestMethod]
    public void HandshakeCallback_Throws_EndsThatHandshakeOnly()
    {
        bool isBroken = false;
        using var pair = new DriverPair(listen: o =>
        {
            ServerTlsSelector inner = o.Tls;
            return o with { Tls = (in ClientHello hello) => isBroken ? throw new UntellableException() : inner(hello) };
        });
        (_, _, Ngtcp2Connection other) = EstablishTwo(pair);
        isBroken = true;
        Ngtcp2Connection refused = pair.Connect();
        pair.Network.RunUntil(() => refused.Closed.IsCompleted);
        Assert.AreEqual(0x100 + 80, refused.Closed.Result.TransportErrorCode, "internal_error (80)");
        Assert.AreEqual(TransportError.ConnectFailed, refused.Closed.Result.Error);
        isBroken = false;
        pair.Establish();
        CheckServed(pair, other);
    }

    // The second of two clients' connections is the bystander; the first is for the test.
    private static (Ngtcp2Connection Client, Ngtcp2Connection Server, Ngtcp2Connection Other) EstablishTwo(DriverPair pair)
    {
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        (Ngtcp2Connection other, Ngtcp2Connection accepted) = pair.Establish();
        _ = Application.ServeAsync(accepted, Application.EchoAsync);
        pair.Network.RunFor(Milliseconds(500));
        return (client, server, other);
    }

    private static void FailOnce(SimulatedHost host, SimulatedFault fault) =>
        host.Fault = asked =>
        {
            if (asked != fault)
            {
                return null;
            }

            host.Fault = null;
            return Failure;
        };

    private static void CheckEnded(DriverPair pair, Ngtcp2Connection victim, Ngtcp2Connection peer)
    {
        pair.Network.Failures.AreExpected = true;
        pair.Network.RunUntil(() => victim.Closed.IsCompleted && peer.Closed.IsCompleted, Seconds(30));
        Assert.AreSame(Failure, pair.Network.Failures.First, "It is logged as it was thrown.");
        Assert.AreEqual(CloseInitiator.Local, victim.Closed.Result.Initiator);
        Assert.AreEqual(TransportError.ConnectionLost, victim.Closed.Result.Error);
        Assert.AreEqual((long)Ngtcp2Native.NGTCP2_INTERNAL_ERROR, victim.Closed.Result.TransportErrorCode);
        Assert.Contains(Failure.Message, victim.Closed.Result.Reason);
        Assert.AreEqual(CloseInitiator.Remote, peer.Closed.Result.Initiator);
        Assert.AreEqual((long)Ngtcp2Native.NGTCP2_INTERNAL_ERROR, peer.Closed.Result.TransportErrorCode);
        Assert.DoesNotContain(Failure.Message, peer.Closed.Result.Reason, "What went wrong inside is not the peer's business.");
    }

    private static void CheckServed(DriverPair pair, Ngtcp2Connection other)
    {
        Ngtcp2Stream stream = DriverPair.Open(other);
        Task<string> sent = Application.SendAsync(stream.Output, 1, 100_000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.Run(echo);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        Application.Release(stream);
        pair.CloseAndCheckEmpty(other);
    }

    // An application's exception may fail at anything, also at saying what it is.
    private sealed class UntellableException : Exception
    {
        public override string Message => throw new InvalidOperationException("no message");
    }
}
