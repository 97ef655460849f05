using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

/// <summary>Hellos that no TLS library would send. A fault here ends the process that runs the tests.</summary>
[TestClass]
public sealed class TlsHostileHelloTests
{
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    public void Hello_AsItShouldBe_Answered()
    {
        var random = new Random(1);
        using TlsEnd server = Offer(EarlyWorld(), InitialDatagram.ClientHello(random), random);
        Assert.IsNull(server.SentAlert);
        Assert.AreEqual("a.example", server.Tls.ServerName);
        Assert.AreEqual("net/1", server.Tls.ApplicationProtocol);
    }

    [TestMethod]
    public void Hello_WithoutTransportParameters_AlertMissingExtension()
    {
        var random = new Random(2);
        using TlsEnd server = Offer(EarlyWorld(), InitialDatagram.ClientHello(random, hasTransportParameters: false), random);
        Assert.AreEqual(109, server.SentAlert);
        StringAssert.Contains(server.Tls.FailureDetail, "transport parameters");
    }

    [TestMethod]
    public void Hello_WithoutProtocols_AlertNoApplicationProtocol()
    {
        var random = new Random(3);
        byte[] hello = InitialDatagram.ClientHello(random);

        // The extension becomes one that nobody knows.
        int position = hello.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 16, 0, 8, 0, 6, 5]);
        hello[position] = 0xfa;
        using TlsEnd server = Offer(EarlyWorld(), hello, random);
        Assert.AreEqual(120, server.SentAlert);
        StringAssert.Contains(server.Tls.FailureDetail, "ALPN");
    }

    [TestMethod]
    public void Hello_RandomlyDamaged_ServerAnswersOrRefuses()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        TlsWorld world = EarlyWorld();
        int answered = 0;
        int refused = 0;
        for (int i = 0; i < 1000; i++)
        {
            byte[] hello = InitialDatagram.ClientHello(random);
            for (int flips = random.Next(1, 5); flips > 0; flips--)
            {
                // Not the length of the message: with a larger one the server waits for the rest.
                hello[random.Next(4, hello.Length)] = (byte)random.Next(256);
            }

            using TlsEnd server = Offer(world, hello, random);
            bool isRefused = server.SentAlert is not null || server.Error != 0;
            answered += isRefused ? 0 : 1;
            refused += isRefused ? 1 : 0;
        }

        Assert.IsGreaterThan(10, answered, $"seed {seed}");
        Assert.IsGreaterThan(10, refused, $"seed {seed}");
    }

    [TestMethod]
    public void Hello_FollowedByAnotherMessageInTheClear_ServerAnswersOrRefuses()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        TlsWorld world = EarlyWorld().WithMutual(ClientCertificateMode.Optional);
        foreach (int type in Enumerable.Range(0, 32).Append(254).Append(255))
        {
            byte[] noise = new byte[random.Next(2, 40)];
            random.NextBytes(noise);
            foreach (byte[] content in new byte[][] { [], [0], [0, 0, 0, 0], new byte[32], noise })
            {
                byte[] hello = [.. InitialDatagram.ClientHello(random), (byte)type, 0, 0, (byte)content.Length, .. content];
                using TlsEnd server = Offer(world, hello, random);
                Assert.IsFalse(server.IsHandshakeOver, $"type {type}, {Convert.ToHexString(content)}, seed {seed}");
            }
        }
    }

    [TestMethod]
    public void Hello_Twice_ServerAnswersOrRefuses()
    {
        var random = new Random(5);
        byte[] hello = InitialDatagram.ClientHello(random);
        using TlsEnd server = Offer(EarlyWorld(), [.. hello, .. hello], random);
        Assert.IsFalse(server.IsHandshakeOver);
    }

    [TestMethod]
    public void Hello_CutAnywhere_ServerWaitsOrRefuses()
    {
        var random = new Random(4);
        byte[] hello = InitialDatagram.ClientHello(random);
        TlsWorld world = EarlyWorld();
        for (int length = 1; length < hello.Length; length++)
        {
            using TlsEnd server = Offer(world, hello.AsSpan(0, length), random);
            Assert.IsNull(server.Tls.ServerOptions, $"{length} bytes");
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Message_AfterTheHandshake_EveryTypeRefusedAndProcessLives(bool fromClient)
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        foreach (int type in Enumerable.Range(0, 32).Append(254).Append(255))
        {
            byte[] noise = new byte[random.Next(2, 40)];
            random.NextBytes(noise);
            foreach (byte[] content in new byte[][] { [], [0], noise })
            {
                using TlsPair pair = TlsPair.Run(new TlsWorld());
                Assert.IsTrue(pair.Client.IsConfirmed);
                (TlsEnd sender, TlsEnd receiver) = fromClient ? (pair.Client, pair.Server) : (pair.Server, pair.Client);
                sender.SubmitHandshake([(byte)type, 0, 0, (byte)content.Length, .. content]);
                pair.Pump();
                Assert.IsNotNull(receiver.SentAlert, $"type {type}, {Convert.ToHexString(content)}, seed {seed}");
            }
        }
    }

    [TestMethod]
    [DataRow((byte)0)]
    [DataRow((byte)1)]
    public void KeyUpdate_AsTlsMessage_AlertUnexpectedMessage(byte request)
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld());
        pair.Client.SubmitHandshake([24, 0, 0, 1, request]);
        pair.Pump();
        Assert.AreEqual(10, pair.Server.SentAlert);
        Assert.AreEqual(0x10aul, pair.Client.ReceivedCode);
    }

    private static TlsEnd Offer(TlsWorld world, ReadOnlySpan<byte> hello, Random random)
    {
        byte[] datagram = InitialDatagram.Wrap(hello, random);
        TlsEnd server = TlsEnd.Accept(datagram, world.ListenOptions, world.ServerContext, world.Context);
        var replies = new Queue<byte[]>();
        server.Read(datagram, 2, replies);
        server.Write(3, replies);
        return server;
    }

    private static TlsWorld EarlyWorld()
    {
        var world = new TlsWorld();
        world.ServerTls = world.ServerTls with { AllowEarlyData = true };
        return world;
    }
}
