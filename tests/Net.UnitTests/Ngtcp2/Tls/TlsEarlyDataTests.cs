using System.Buffers.Binary;
using Net.Ngtcp2.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

[TestClass]
public sealed class TlsEarlyDataTests
{
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    public void EarlyData_Allowed_ArrivesBeforeTheHandshakeIsOver()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        Assert.IsTrue(first.Client.Tls.TicketAllowsEarlyData);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early bird");
        Assert.AreEqual("early bird", second.Server.Early.ToString());
        Assert.IsTrue(second.Client.Tls.WasEarlyDataOffered);
        Assert.IsTrue(second.Client.Tls.IsEarlyDataAccepted);
        Assert.IsTrue(second.Server.Tls.IsEarlyDataAccepted);
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.IsFalse(second.Client.IsEarlyDataRefused);
        Assert.HasCount(1, second.Client.Tickets);
    }

    [TestMethod]
    public void EarlyData_FirstFlightAgain_DeliversNothing()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "pay 100");
        Assert.AreEqual("pay 100", second.Server.Early.ToString());
        ReplayStore store = ServerTlsState.Get(world.ServerTls).AntiReplay!.Store;
        Assert.AreEqual(1, store.Count);
        for (int i = 1; i <= 3; i++)
        {
            using TlsEnd replayed = TlsPair.Replay(world, second.FirstFlight);
            Assert.AreEqual("", replayed.Early.ToString());
            Assert.IsFalse(replayed.Tls.IsEarlyDataAccepted);
            Assert.IsTrue(replayed.Tls.IsResumed);
            Assert.AreEqual(i, store.Replays);
        }
    }

    [TestMethod]
    public void EarlyData_FirstFlightAgainAtAnotherListener_DeliversNothing()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "pay 100");
        var other = new TlsWorld { ServerTls = world.ServerTls };
        using TlsEnd replayed = TlsPair.Replay(other, second.FirstFlight);
        Assert.AreEqual("", replayed.Early.ToString());
        Assert.IsFalse(replayed.Tls.IsEarlyDataAccepted);
    }

    [TestMethod]
    public void EarlyData_TicketUsedTwiceWithOtherHellos_BothAccepted()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "one");
        using TlsPair third = TlsPair.Run(world, first.Client.Ticket(0), "two");
        Assert.AreEqual("one", second.Server.Early.ToString());
        Assert.AreEqual("two", third.Server.Early.ToString());
    }

    [TestMethod]
    public void EarlyData_ServerDoesNotAllow_TicketSaysSoAndClientOffersNone()
    {
        var world = new TlsWorld { AllowEarlyData = true };
        using TlsPair first = TlsPair.Run(world);
        Assert.HasCount(1, first.Client.Tickets);
        Assert.IsFalse(first.Client.Tls.TicketAllowsEarlyData);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early");
        Assert.IsFalse(second.Client.Tls.WasEarlyDataOffered);
        Assert.IsTrue(second.Client.Tls.IsResumed);
        Assert.AreEqual("", second.Server.Early.ToString());
        Assert.IsTrue(second.Client.IsConfirmed);
    }

    [TestMethod]
    public void EarlyData_ClientDoesNotAllow_NoneOffered()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        world.AllowEarlyData = false;
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsFalse(second.Client.Tls.WasEarlyDataOffered);
        Assert.IsTrue(second.Client.Tls.IsResumed);
        Assert.IsFalse(second.Server.Tls.IsEarlyDataAccepted);
    }

    [TestMethod]
    public void EarlyData_TicketWithoutTransportParameters_NoneOffered()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0) with { TransportParameters = default });
        Assert.IsFalse(second.Client.Tls.WasEarlyDataOffered);
        Assert.IsTrue(second.Client.Tls.IsResumed);
    }

    [TestMethod]
    public void EarlyData_OptionsChanged_RefusedButHandshakeGoesOn()
    {
        byte[] key = new byte[64];
        new Random(3).NextBytes(key);
        TlsWorld world = EarlyWorld();
        world.ServerTls = world.ServerTls with { TicketKey = key };
        using TlsPair first = TlsPair.Run(world);

        // The ticket can still be read, yet it is from before the new guard's time.
        world.ServerTls = world.ServerTls with { };
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early");
        Assert.IsTrue(second.Client.Tls.WasEarlyDataOffered);
        Assert.IsTrue(second.Client.IsEarlyDataRefused);
        Assert.IsTrue(second.Client.Tls.IsResumed);
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.AreEqual("", second.Server.Early.ToString());
    }

    [TestMethod]
    public void EarlyData_TicketKeyGone_RefusedAndFullHandshake()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        world.ServerTls = world.ServerTls with { };
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early");
        Assert.IsTrue(second.Client.IsEarlyDataRefused);
        Assert.IsFalse(second.Client.Tls.IsResumed);
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.AreEqual("", second.Server.Early.ToString());
    }

    [TestMethod]
    public void EarlyData_ServerNoLongerAcceptsClient_DeliversNothing()
    {
        TlsWorld world = EarlyWorld().WithMutual(ClientCertificateMode.Required);
        bool isRevoked = false;
        world.ServerTls = world.ServerTls with
        {
            ClientCertificatePolicy = new TlsWorld.Policy(
                _ => isRevoked ? PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "gone") : PeerCertificateVerdict.Accepted),
        };
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "good");
        Assert.AreEqual("good", second.Server.Early.ToString());
        isRevoked = true;
        using TlsPair third = TlsPair.Run(world, second.Client.Ticket(0), "bad");
        Assert.AreEqual("", third.Server.Early.ToString());
        Assert.AreEqual(0x12cul, third.Client.ReceivedCode);
    }

    [TestMethod]
    public void EarlyData_WhilePending_ProtocolIsThatOfTheTicket()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        using TlsEnd client = TlsEnd.Connect(world.ConnectOptions, first.Client.Ticket(0), world.Context, "x");
        Assert.AreEqual("net/1", client.Tls.ApplicationProtocol);
        Assert.IsEmpty(client.Tls.PeerChain);
        Assert.IsFalse(client.Tls.IsEarlyDataAccepted);
    }

    [TestMethod]
    public void EarlyData_AllowedForOneNameOnly_TicketsFollowTheName()
    {
        TlsWorld world = EarlyWorld();
        ServerTlsOptions early = world.ServerTls;
        ServerTlsOptions late = new() { Identity = early.Identity };
        world.Selector = (in ClientHello hello) => hello.ServerName is null ? late : early;
        using TlsPair named = TlsPair.Run(world);
        world.ServerName = "127.0.0.1";
        using TlsPair unnamed = TlsPair.Run(world);
        Assert.IsTrue(named.Client.Tls.TicketAllowsEarlyData);
        Assert.IsFalse(unnamed.Client.Tls.TicketAllowsEarlyData);
    }

    [TestMethod]
    public void FindEarlyData_Messages_AsWritten()
    {
        Assert.AreEqual(EarlyDataPermission.Absent, NewSessionTicketMessage.FindEarlyData(Message([]), out _));
        Assert.AreEqual(EarlyDataPermission.Absent, NewSessionTicketMessage.FindEarlyData(Message([(7, [1, 2])]), out _));
        Assert.AreEqual(
            EarlyDataPermission.Allowed, NewSessionTicketMessage.FindEarlyData(Message([(7, [1, 2]), (42, [255, 255, 255, 255])]), out int offset));
        Assert.AreEqual(8 + 2 + 5 + 2 + 6, offset);
        Assert.AreEqual(EarlyDataPermission.WrongSize, NewSessionTicketMessage.FindEarlyData(Message([(42, [0, 0, 64, 0])]), out _));
        Assert.AreEqual(EarlyDataPermission.WrongSize, NewSessionTicketMessage.FindEarlyData(Message([(42, [255])]), out _));
    }

    [TestMethod]
    public void TryForbidEarlyData_Ticket_OnlyTheExtensionTypeChanges()
    {
        byte[] before = Message([(7, [1, 2]), (42, [255, 255, 255, 255]), (9, [])]);
        byte[] after = [.. before];
        Assert.IsTrue(NewSessionTicketMessage.TryForbidEarlyData(after));
        Assert.AreEqual(EarlyDataPermission.Absent, NewSessionTicketMessage.FindEarlyData(after, out _));
        Assert.AreEqual(2, before.Zip(after).Count(static p => p.First != p.Second));
        Assert.IsTrue(NewSessionTicketMessage.TryForbidEarlyData(after));
        Assert.IsFalse(NewSessionTicketMessage.TryForbidEarlyData(after.AsSpan(1)));
    }

    [TestMethod]
    public void FindEarlyData_EveryTruncationAndRandomBytes_NeverThrowsNorRunsOver()
    {
        byte[] whole = Message([(7, [1, 2]), (42, [255, 255, 255, 255])]);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.AreEqual(EarlyDataPermission.Malformed, NewSessionTicketMessage.FindEarlyData(whole.AsSpan(0, length), out _), $"{length} bytes");
        }

        int seed = Random.Shared.Next();
        var random = new Random(seed);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = [.. whole];
            for (int flips = random.Next(1, 6); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            EarlyDataPermission found = NewSessionTicketMessage.FindEarlyData(bytes, out int offset);
            if (offset >= 0)
            {
                Assert.IsTrue(found is EarlyDataPermission.Allowed or EarlyDataPermission.WrongSize, $"seed {seed}");
                Assert.AreEqual(42, BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(offset)), $"seed {seed}");
            }
        }
    }

    private static TlsWorld EarlyWorld()
    {
        var world = new TlsWorld { AllowEarlyData = true };
        world.ServerTls = world.ServerTls with { AllowEarlyData = true };
        return world;
    }

    private static byte[] Message((ushort Type, byte[] Content)[] extensions)
    {
        var body = new List<byte>();
        foreach ((ushort type, byte[] content) in extensions)
        {
            body.AddRange([(byte)(type >> 8), (byte)type, (byte)(content.Length >> 8), (byte)content.Length, .. content]);
        }

        return [0, 0, 1, 0, 9, 9, 9, 9, 1, 77, 0, 3, 5, 5, 5, (byte)(body.Count >> 8), (byte)body.Count, .. body];
    }
}
