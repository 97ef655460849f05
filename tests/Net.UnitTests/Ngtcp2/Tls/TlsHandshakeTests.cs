using Net.Ngtcp2.Tls;
using Net.UnitTests.Abstractions.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

[TestClass]
public sealed class TlsHandshakeTests
{
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    public void Handshake_Plain_BothSidesKnowWhatWasAgreed()
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld());
        foreach (TlsEnd end in new[] { pair.Client, pair.Server })
        {
            Assert.IsTrue(end.IsHandshakeOver);
            Assert.AreEqual("net/1", end.Tls.ApplicationProtocol);
            Assert.AreEqual("TLS_AES_128_GCM_SHA256", end.Tls.CipherSuite);
            Assert.AreEqual("a.example", end.Tls.ServerName);
            Assert.IsFalse(end.Tls.IsResumed);
            Assert.IsFalse(end.Tls.IsEarlyDataAccepted);
            Assert.IsTrue(end.Tls.Refusal.IsAccepted);
        }

        Assert.IsTrue(pair.Client.IsConfirmed);
        Assert.AreEqual("CN=server", pair.Client.Tls.PeerCertificate!.Subject);
        Assert.AreEqual(1, pair.Client.Tls.PeerChain.Count);
        Assert.IsNull(pair.Server.Tls.PeerCertificate);
        Assert.AreEqual(5, pair.Server.Tls.IdentityGeneration);
        Assert.AreEqual(0, pair.Client.Tls.IdentityGeneration);
        Assert.IsFalse(pair.Client.Tls.ServerAskedForCertificate);
    }

    [TestMethod]
    public void Handshake_WithIntermediates_PeerGetsTheWholeChainInOrder()
    {
        TestAuthority upper = TlsWorld.Root.Issue(TestAuthority.Authority("CN=upper"));
        TestAuthority lower = upper.Issue(TestAuthority.Authority("CN=lower"));
        TestAuthority leaf = lower.Issue(new CertificateShape { DnsNames = ["a.example"] });
        var world = new TlsWorld();
        world.ServerTls = world.ServerTls with { Identity = new TlsIdentity(leaf.WithKey(), [lower.Certificate, upper.Certificate]) };
        using TlsPair pair = TlsPair.Run(world);
        Assert.IsTrue(pair.Client.IsConfirmed);
        TestAuthority[] sent = [leaf, lower, upper];
        CollectionAssert.AreEqual(
            sent.Select(static c => Convert.ToHexString(c.Der.Span)).ToArray(),
            pair.Client.Tls.PeerChain.Select(static der => Convert.ToHexString(der.Span)).ToArray());
    }

    [TestMethod]
    public void Handshake_RsaIdentity_Succeeds()
    {
        var world = new TlsWorld();
        TestAuthority leaf = TlsWorld.Root.Issue(new CertificateShape { DnsNames = ["a.example"], RsaBits = 2048 });
        world.ServerTls = world.ServerTls with { Identity = new TlsIdentity(leaf.WithKey()) };
        using TlsPair pair = TlsPair.Run(world);
        Assert.IsTrue(pair.Client.IsConfirmed);
    }

    [TestMethod]
    public void Dispose_AfterHandshake_WhatWasKnownStaysReadable()
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld().WithMutual(ClientCertificateMode.Required));
        pair.Client.Dispose();
        Assert.AreEqual("net/1", pair.Client.Tls.ApplicationProtocol);
        Assert.AreEqual("TLS_AES_128_GCM_SHA256", pair.Client.Tls.CipherSuite);
        Assert.AreEqual("CN=server", pair.Client.Tls.PeerCertificate!.Subject);
        Assert.IsTrue(pair.Client.Tls.ServerAskedForCertificate);
        Assert.IsFalse(pair.Client.Tls.IsResumed);
    }

    [TestMethod]
    [DataRow(new[] { "b", "a" }, new[] { "a", "b" }, "a")]
    [DataRow(new[] { "b", "a" }, new[] { "b", "a" }, "b")]
    [DataRow(new[] { "a", "b", "c" }, new[] { "x", "c" }, "c")]
    public void Alpn_SeveralInCommon_FirstOfTheServers(string[] client, string[] server, string expected)
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld { ClientProtocols = client, ServerProtocols = server });
        Assert.AreEqual(expected, pair.Client.Tls.ApplicationProtocol);
        Assert.AreEqual(expected, pair.Server.Tls.ApplicationProtocol);
    }

    [TestMethod]
    public void Alpn_NoneInCommon_AlertNoApplicationProtocol()
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld { ClientProtocols = ["a"], ServerProtocols = ["b"] });
        AssertServerRefused(pair, 120);
    }

    [TestMethod]
    public void Alpn_TooManyOrTooLong_ArgumentExceptionNamesTheLimit()
    {
        string[] nine = [.. Enumerable.Range(0, 9).Select(static i => $"p{i}")];
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => TlsSession.ThrowIfUnsupported(nine)).Message, "at most 8");
        string[] tooLong = [new string('x', 32)];
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => TlsSession.ThrowIfUnsupported(tooLong)).Message, "at most 31");
        using TlsPair pair = TlsPair.Run(new TlsWorld { ClientProtocols = [.. nine[..7], new string('x', 31)], ServerProtocols = [new string('x', 31)] });
        Assert.IsTrue(pair.Client.IsConfirmed);
    }

    [TestMethod]
    public void Sni_SeveralNames_EachGetsItsOwnCertificate()
    {
        TestAuthority other = TlsWorld.Root.Issue(new CertificateShape { Subject = "CN=other", DnsNames = ["b.example"] });
        var world = new TlsWorld();
        ServerTlsOptions second = world.ServerTls with { Identity = new TlsIdentity(other.WithKey(), generation: 6) };
        var hellos = new List<ClientHello>();
        world.Selector = (in ClientHello hello) =>
        {
            hellos.Add(hello);
            return hello.ServerName == "b.example" ? second : world.ServerTls;
        };
        using TlsPair first = TlsPair.Run(world);
        world.ServerName = "b.example";
        using TlsPair next = TlsPair.Run(world);
        Assert.AreEqual("CN=server", first.Client.Tls.PeerCertificate!.Subject);
        Assert.AreEqual("CN=other", next.Client.Tls.PeerCertificate!.Subject);
        Assert.AreEqual(6, next.Server.Tls.IdentityGeneration);
        Assert.AreEqual("a.example b.example", string.Join(' ', hellos.Select(static h => h.ServerName)));
        Assert.AreEqual(50_000, hellos[0].RemoteEndPoint.Port);
    }

    [TestMethod]
    public void Sni_SelectorReturnsNull_AlertUnrecognizedName()
    {
        var world = new TlsWorld { Selector = static (in ClientHello _) => null };
        using TlsPair pair = TlsPair.Run(world);
        AssertServerRefused(pair, 112);
        StringAssert.Contains(pair.Server.Tls.FailureDetail, "a.example");
    }

    [TestMethod]
    public void Sni_SelectorThrows_AlertInternalErrorAndDetail()
    {
        var world = new TlsWorld { Selector = static (in ClientHello _) => throw new InvalidOperationException("no luck") };
        using TlsPair pair = TlsPair.Run(world);
        AssertServerRefused(pair, 80);
        StringAssert.Contains(pair.Server.Tls.FailureDetail, "no luck");
    }

    [TestMethod]
    public void Sni_SelectorReturnsBadOptions_AlertInternalErrorAndDetail()
    {
        var world = new TlsWorld();
        world.ServerTls = world.ServerTls with { ClientCertificateMode = ClientCertificateMode.Required };
        using TlsPair pair = TlsPair.Run(world);
        AssertServerRefused(pair, 80);
        StringAssert.Contains(pair.Server.Tls.FailureDetail, nameof(ServerTlsOptions.ClientCertificatePolicy));
    }

    [TestMethod]
    public void Sni_Address_NoneSentButAddressChecked()
    {
        var world = new TlsWorld { ServerName = "127.0.0.1" };
        using TlsPair pair = TlsPair.Run(world);
        Assert.IsTrue(pair.Client.IsConfirmed);
        Assert.IsNull(pair.Client.Tls.ServerName);
        Assert.IsNull(pair.Server.Tls.ServerName);

        world.ServerName = "127.0.0.2";
        using TlsPair wrong = TlsPair.Run(world);
        Assert.AreEqual(CertificateRefusal.NameMismatch, wrong.Client.Tls.Refusal.Refusal);
    }

    [TestMethod]
    [DataRow("A.Example", "A.Example")]
    [DataRow("a.example.", "a.example")]
    public void Sni_OtherWritings_SentAsNamesAndAccepted(string name, string sent)
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld { ServerName = name });
        Assert.IsTrue(pair.Client.IsConfirmed, pair.Client.Tls.Refusal.ToString());
        Assert.AreEqual(sent, pair.Server.Tls.ServerName, ignoreCase: true);
    }

    [TestMethod]
    [DataRow("b\u00fccher.example", "xn--bcher-kva.example")]
    [DataRow("xn--bcher-kva.example", "xn--bcher-kva.example")]
    [DataRow("::1", null)]
    [DataRow("192.0.2.1", null)]
    [DataRow("", null)]
    [DataRow("...", null)]
    public void ForExtension_Name_AsTlsCarriesIt(string name, string? expected) => Assert.AreEqual(expected, TlsServerName.ForExtension(name));

    private static void AssertServerRefused(TlsPair pair, int alert)
    {
        Assert.AreEqual(alert, pair.Server.SentAlert);
        Assert.AreEqual(0x100ul + (ulong)alert, pair.Client.ReceivedCode);
        Assert.IsFalse(pair.Server.IsHandshakeOver);
    }
}
