using System.Buffers.Binary;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

/// <summary>The server must ask for another key share (RFC 8446, section 4.1.4), so that it reads two hellos.</summary>
[TestClass]
public sealed class TlsRetryRequestTests
{
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    [DataRow(ClientCertificateMode.None)]
    [DataRow(ClientCertificateMode.Required)]
    public void Handshake_WithRetryRequest_OptionsChosenOnce(ClientCertificateMode mode)
    {
        var world = new TlsWorld { PrepareClient = ShareKeyOfForeignGroup }.WithMutual(mode);
        int calls = 0;
        world.Selector = (in ClientHello _) =>
        {
            calls++;
            return world.ServerTls;
        };
        using TlsPair pair = TlsPair.Run(world);
        Assert.IsTrue(pair.Client.IsConfirmed, pair.Server.Tls.FailureDetail);
        Assert.AreEqual(1, calls);
        Assert.AreEqual("a.example", pair.Server.Tls.ServerName);
        Assert.HasCount(1, pair.Client.Tickets);
    }

    [TestMethod]
    public void Resume_RetryRequestAnswersEarlyData_ClientGivesUpAndBothProcessesLive()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        world.PrepareClient = ShareKeyOfForeignGroup;
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early");
        Assert.AreEqual(40, second.Client.SentAlert);
        StringAssert.Contains(second.Client.Tls.FailureDetail, "Connect again");
        Assert.AreEqual("", second.Server.Early.ToString());
        Assert.AreEqual(0, ServerTlsState.Get(world.ServerTls).AntiReplay!.Store.Count);

        world.AllowEarlyData = false;
        using TlsPair third = TlsPair.Run(world, first.Client.Ticket(0));
        Assert.IsTrue(third.Client.IsConfirmed, third.Server.Tls.FailureDetail);
        Assert.IsTrue(third.Server.Tls.IsResumed);
    }

    [TestMethod]
    public void FirstFlight_NeedsRetryAndCarriesEarlyData_ServerAsksAndReadsNone()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);
        world.PrepareClient = ShareKeyOfForeignGroup;
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early");
        using TlsEnd server = TlsPair.Replay(world, second.FirstFlight);
        Assert.IsNull(server.SentAlert, "such a first flight is no fault of the client's");
        Assert.IsFalse(server.Tls.IsEarlyDataAccepted);
        Assert.AreEqual("", server.Early.ToString());
    }

    [TestMethod]
    public void Resume_RetryRequestNotForeseen_HandshakeFailsAndProcessLives()
    {
        TlsWorld world = EarlyWorld();
        using TlsPair first = TlsPair.Run(world);

        // The server chooses otherwise than the reader of the hello expects.
        world.PrepareServer = static server => SetGroups(server, "+GROUP-SECP384R1");
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early");
        Assert.AreEqual(40, second.Server.SentAlert);
        Assert.AreEqual("", second.Server.Early.ToString());
        Assert.IsFalse(second.Client.IsHandshakeOver);
    }

    [TestMethod]
    [DataRow(new ushort[] { 0x1d, 0x17 }, new ushort[] { 0x1d }, true)]
    [DataRow(new ushort[] { 0x1d, 0x17 }, new ushort[] { 0x17 }, false)]
    [DataRow(new ushort[] { 0x1d, 0x17 }, new ushort[] { 0x17, 0x1d }, true)]
    [DataRow(new ushort[] { 0x11ec, 0x1d }, new ushort[] { 0x11ec, 0x1d }, true)]
    [DataRow(new ushort[] { 0x11ec, 0x18 }, new ushort[] { 0x11ec }, false)]
    [DataRow(new ushort[] { 0x19 }, new ushort[] { 0x19 }, false)]
    [DataRow(new ushort[] { 0x18 }, new ushort[] { 0x18 }, true)]
    [DataRow(new ushort[] { 0x18 }, new ushort[0], false)]
    [DataRow(new ushort[0], new ushort[] { 0x1d }, false)]
    public void HasShareOfChosenGroup_Hello_AsGnuTlsChooses(ushort[] groups, ushort[] shares, bool expected) =>
        Assert.AreEqual(expected, ClientHelloMessage.HasShareOfChosenGroup(Hello((10, Groups(groups)), (51, Shares(shares)))));

    [TestMethod]
    public void HasShareOfChosenGroup_ExtensionMissingOrTwice_False()
    {
        (ushort, byte[]) groups = (10, Groups([0x1d]));
        (ushort, byte[]) shares = (51, Shares([0x1d]));
        Assert.IsTrue(ClientHelloMessage.HasShareOfChosenGroup(Hello(shares, (99, [1]), groups)));
        Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(Hello(groups)));
        Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(Hello(shares)));
        Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(Hello(groups, shares, groups)));
        Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(Hello(groups, shares, shares)));
        Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(Hello((10, [.. Groups([0x1d]), 0]), shares)));
        Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(Hello(groups, (51, [.. Shares([0x1d]), 0]))));
    }

    [TestMethod]
    public void HasShareOfChosenGroup_EveryTruncationAndRandomBytes_NeverThrows()
    {
        byte[] whole = Hello((10, Groups([0x11ec, 0x1d])), (51, Shares([0x1d])));
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(whole.AsSpan(0, length)), $"{length} bytes");
        }

        int seed = Random.Shared.Next();
        var random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = [.. whole];
            for (int flips = random.Next(1, 6); flips > 0; flips--)
            {
                bytes[random.Next(34, bytes.Length)] = (byte)random.Next(256);
            }

            refused += ClientHelloMessage.HasShareOfChosenGroup(bytes) ? 0 : 1;
        }

        Assert.IsGreaterThan(1000, refused, $"seed {seed}");
    }

    private static TlsWorld EarlyWorld()
    {
        var world = new TlsWorld { AllowEarlyData = true };
        world.ServerTls = world.ServerTls with { AllowEarlyData = true };
        return world;
    }

    private static void ShareKeyOfForeignGroup(TlsEnd client) => SetGroups(client, "+GROUP-SECP521R1:+GROUP-SECP384R1");

    private static unsafe void SetGroups(TlsEnd end, string groups)
    {
        byte[] text = System.Text.Encoding.ASCII.GetBytes(
            "%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:" + groups + "\0");
        fixed (byte* priorities = text)
        {
            Assert.AreEqual(0, GnuTlsNative.gnutls_priority_set_direct(end.Tls.Session.Pointer, priorities, null));
        }
    }

    private static byte[] Groups(ushort[] groups) => Vector([.. groups.SelectMany(static g => new[] { (byte)(g >> 8), (byte)g })]);

    private static byte[] Shares(ushort[] groups) =>
        Vector([.. groups.SelectMany(static g => new byte[] { (byte)(g >> 8), (byte)g, 0, 2, 7, 7 })]);

    private static byte[] Vector(byte[] content)
    {
        byte[] result = new byte[2 + content.Length];
        BinaryPrimitives.WriteUInt16BigEndian(result, (ushort)content.Length);
        content.CopyTo(result, 2);
        return result;
    }

    private static byte[] Hello(params (ushort Type, byte[] Content)[] extensions)
    {
        byte[] body = [.. extensions.SelectMany(static e => new[] { (byte)(e.Type >> 8), (byte)e.Type }.Concat(Vector(e.Content)))];
        return [3, 3, .. new byte[32], 0, 0, 2, 0x13, 0x01, 1, 0, .. Vector(body)];
    }
}
