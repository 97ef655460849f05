using Net.Ngtcp2.Tls;
using Net.UnitTests.Abstractions.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

[TestClass]
public sealed class TlsResumptionTests
{
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    public void Resume_WithTicket_BothSidesResumedAndPeerKnown()
    {
        var world = new TlsWorld();
        using TlsPair first = TlsPair.Run(world);
        Assert.HasCount(1, first.Client.Tickets);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.IsTrue(second.Client.Tls.IsResumed);
        Assert.IsTrue(second.Server.Tls.IsResumed);
        Assert.AreEqual("CN=server", second.Client.Tls.PeerCertificate!.Subject);
        Assert.AreEqual("net/1", second.Client.Tls.ApplicationProtocol);
        Assert.HasCount(1, second.Client.Tickets);
    }

    [TestMethod]
    public void Resume_TicketOfResumedSession_ResumesAgain()
    {
        var world = new TlsWorld();
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        using TlsPair third = TlsPair.Run(world, second.Client.Ticket(0));
        Assert.IsTrue(third.Client.IsConfirmed);
        Assert.IsTrue(third.Client.Tls.IsResumed);
    }

    [TestMethod]
    public void Resume_AllowResumptionFalse_NoTicket()
    {
        var world = new TlsWorld();
        world.ServerTls = world.ServerTls with { AllowResumption = false };
        using TlsPair first = TlsPair.Run(world);
        Assert.IsTrue(first.Client.IsConfirmed);
        Assert.IsEmpty(first.Client.Tickets);
    }

    [TestMethod]
    public void Resume_OptionsNoLongerAllowIt_FullHandshake()
    {
        var world = new TlsWorld();
        using TlsPair first = TlsPair.Run(world);
        world.ServerTls = world.ServerTls with { AllowResumption = false };
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.IsFalse(second.Client.Tls.IsResumed);
    }

    [TestMethod]
    public void Resume_NewOptionsWithoutTicketKey_FullHandshakeShowsNewCertificate()
    {
        var world = new TlsWorld();
        using TlsPair first = TlsPair.Run(world);
        TestAuthority renewed = TlsWorld.Root.Issue(new CertificateShape { Subject = "CN=renewed", DnsNames = ["a.example"] });
        world.ServerTls = world.ServerTls with { Identity = new TlsIdentity(renewed.WithKey()) };
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsFalse(second.Client.Tls.IsResumed);
        Assert.AreEqual("CN=renewed", second.Client.Tls.PeerCertificate!.Subject);
    }

    [TestMethod]
    public void Resume_OtherServerWithSameTicketKey_Resumed()
    {
        byte[] key = new byte[64];
        new Random(1).NextBytes(key);
        var world = new TlsWorld();
        world.ServerTls = world.ServerTls with { TicketKey = key };
        using TlsPair first = TlsPair.Run(world);
        var other = new TlsWorld();
        other.ServerTls = other.ServerTls with { TicketKey = key };
        using TlsPair second = TlsPair.Run(other, first.Client.Ticket(0));
        Assert.IsTrue(second.Server.Tls.IsResumed);
        Assert.IsTrue(second.Client.IsConfirmed);
    }

    [TestMethod]
    public void Resume_SameTicketKeyButOtherMode_FullHandshake()
    {
        byte[] key = new byte[64];
        new Random(2).NextBytes(key);
        var world = new TlsWorld();
        world.ServerTls = world.ServerTls with { TicketKey = key };
        using TlsPair first = TlsPair.Run(world);
        world.WithMutual(ClientCertificateMode.Required);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.IsFalse(second.Server.Tls.IsResumed);
        Assert.AreEqual("CN=client", second.Server.Tls.PeerCertificate!.Subject);
    }

    [TestMethod]
    public void Resume_TicketOfAnotherProtocol_FullHandshake()
    {
        var world = new TlsWorld { ServerProtocols = ["h3", "net/1"] };
        using TlsPair first = TlsPair.Run(world);
        world.ClientProtocols = ["net/1", "h3"];
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.AreEqual("h3", second.Client.Tls.ApplicationProtocol);
        Assert.IsFalse(second.Client.Tls.IsResumed);
        Assert.IsTrue(second.Client.IsConfirmed);

        world.ClientProtocols = ["h3"];
        using TlsPair third = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsFalse(third.Client.Tls.IsResumed);
        Assert.IsTrue(third.Client.IsConfirmed);
    }

    [TestMethod]
    public void Resume_MutualTls_ServerJudgesClientAgain()
    {
        var world = new TlsWorld().WithMutual(ClientCertificateMode.Required);
        var policy = new TlsWorld.Policy(_ => PeerCertificateVerdict.Accepted);
        world.ServerTls = world.ServerTls with { ClientCertificatePolicy = policy };
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.IsTrue(second.Server.Tls.IsResumed);
        Assert.AreEqual("CN=client", second.Server.Tls.PeerCertificate!.Subject);
        Assert.HasCount(2, policy.Calls);
        Assert.IsFalse(policy.Calls[0].IsResumption);
        Assert.IsTrue(policy.Calls[1].IsResumption);
        Assert.IsTrue(policy.Calls[1].Chain[0].Span.SequenceEqual(policy.Calls[0].Chain[0].Span));
    }

    [TestMethod]
    public void Resume_ServerNoLongerAcceptsClient_RefusedWithAlert()
    {
        var world = new TlsWorld().WithMutual(ClientCertificateMode.Required);
        bool isRevoked = false;
        world.ServerTls = world.ServerTls with
        {
            ClientCertificatePolicy = new TlsWorld.Policy(
                _ => isRevoked ? PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "gone") : PeerCertificateVerdict.Accepted),
        };
        using TlsPair first = TlsPair.Run(world);
        isRevoked = true;
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsFalse(second.Server.IsHandshakeOver);
        Assert.AreEqual(0x12cul, second.Client.ReceivedCode);
        Assert.AreEqual(CertificateRefusal.Revoked, second.Server.Tls.Refusal.Refusal);
    }

    [TestMethod]
    public void Resume_OptionalWithoutCertificate_Resumed()
    {
        var world = new TlsWorld().WithMutual(ClientCertificateMode.Optional, clientShowsOne: false);
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.IsTrue(second.Server.Tls.IsResumed);
        Assert.IsTrue(second.Server.Tls.ReverifyResumedPeer());
    }

    [TestMethod]
    public void Resume_ClientNoLongerAcceptsServer_TicketLeftAside()
    {
        var world = new TlsWorld();
        var policy = new TlsWorld.Policy(context =>
            context.IsResumption ? PeerCertificateVerdict.Refused(CertificateRefusal.Expired, "old") : PeerCertificateVerdict.Accepted);
        world.ClientTls = world.ClientTls with { ServerCertificatePolicy = policy };
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsTrue(second.Client.IsConfirmed);
        Assert.IsFalse(second.Client.Tls.IsResumed);
        Assert.IsTrue(second.Client.Tls.Refusal.IsAccepted);
    }

    [TestMethod]
    public void Resume_ServerExpiredBetweenOfferAndAnswer_ClientRefuses()
    {
        var world = new TlsWorld();
        int resumptions = 0;
        var policy = new TlsWorld.Policy(context => context.IsResumption && ++resumptions == 2
            ? PeerCertificateVerdict.Refused(CertificateRefusal.Expired, "just now")
            : PeerCertificateVerdict.Accepted);
        world.ClientTls = world.ClientTls with { ServerCertificatePolicy = policy };
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.AreEqual(45, second.Client.SentAlert);
        Assert.AreEqual(0x12dul, second.Server.ReceivedCode);
        Assert.IsFalse(second.Server.IsHandshakeOver);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(8)]
    [DataRow(40)]
    [DataRow(-1)]
    public void Resume_DamagedTicket_FullHandshake(int position)
    {
        var world = new TlsWorld();
        using TlsPair first = TlsPair.Run(world);
        byte[] session = [.. first.Client.Tickets[0]];
        session[position < 0 ? session.Length + position : position] ^= 0xff;
        using TlsPair second = TlsPair.Run(world, new SessionTicket(session, default, DateTimeOffset.UnixEpoch));
        Assert.IsTrue(second.Client.IsConfirmed || second.Server.SentAlert is not null || second.Client.SentAlert is not null, "The handshake must end one way or the other.");
    }

    [TestMethod]
    [DataRow(new byte[0])]
    [DataRow(new byte[] { 1, 0, 5 })]
    [DataRow(new byte[] { 9, 9, 9, 9 })]
    public void Resume_TicketOfAnotherKind_FullHandshake(byte[] session)
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld(), new SessionTicket(session, default, DateTimeOffset.UnixEpoch));
        Assert.IsTrue(pair.Client.IsConfirmed);
        Assert.IsFalse(pair.Client.Tls.IsResumed);
    }

    [TestMethod]
    public void SendTicket_SeveralTimes_EachArrives()
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld());
        Assert.IsTrue(pair.Server.Tls.SendTicket());
        Assert.IsTrue(pair.Server.Tls.SendTicket());
        pair.Pump();
        Assert.HasCount(3, pair.Client.Tickets);
    }

    [TestMethod]
    public void TryParse_WhatToArrayWrote_GivesTheSame()
    {
        var data = new ResumptionData("net/1", true, UInt128.MaxValue, [new byte[] { 7 }, new byte[] { 8, 9 }], new byte[] { 1, 2, 3 });
        Assert.IsTrue(ResumptionData.TryParse(data.ToArray(), out ResumptionData? read));
        Assert.AreEqual("net/1", read.ApplicationProtocol);
        Assert.IsTrue(read.AllowsEarlyData);
        Assert.AreEqual(UInt128.MaxValue, read.Owner);
        Assert.AreEqual("07 0809", string.Join(' ', read.PeerChain.Select(static c => Convert.ToHexString(c.Span))));
        Assert.AreEqual("010203", Convert.ToHexString(read.Session.Span));
    }

    [TestMethod]
    public void TryParse_EveryTruncationAndRandomBytes_NeverThrows()
    {
        byte[] whole = new ResumptionData("net/1", false, 5, [new byte[] { 7, 8 }], new byte[] { 1 }).ToArray();
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.IsFalse(ResumptionData.TryParse(whole.AsMemory(0, length), out _), $"{length} bytes");
        }

        int seed = Random.Shared.Next();
        var random = new Random(seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            if (bytes.Length > 0)
            {
                bytes[0] = (byte)random.Next(3);
            }

            if (ResumptionData.TryParse(bytes, out ResumptionData? data))
            {
                CollectionAssert.AreEqual(bytes, data.ToArray(), $"seed {seed}");
            }
        }
    }
}
