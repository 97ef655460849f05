namespace Net.UnitTests.Abstractions.Tls;

[TestClass]
public sealed class VerdictCacheTests
{
    private static readonly DateTimeOffset Now = TestAuthority.Start;
    private static readonly PeerCertificateVerdict Refused = PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "x");

    [TestMethod]
    public void TryGet_WithinItsTime_GivesTheVerdict()
    {
        var cache = new VerdictCache(2);
        cache.Add(Key(1), Now, Now.AddMinutes(1), Refused);
        Assert.IsTrue(cache.TryGet(Key(1), Now.AddSeconds(59), out PeerCertificateVerdict verdict));
        Assert.AreEqual(Refused, verdict);
        Assert.IsFalse(cache.TryGet(Key(2), Now, out _));
    }

    [TestMethod]
    public void TryGet_AtItsEnd_ForgetsIt()
    {
        var cache = new VerdictCache(2);
        cache.Add(Key(1), Now, Now.AddMinutes(1), Refused);
        Assert.IsFalse(cache.TryGet(Key(1), Now.AddMinutes(1), out _));
        Assert.AreEqual(0, cache.Count);
    }

    [TestMethod]
    public void TryGet_BeforeItsBegin_ForgetsIt()
    {
        var cache = new VerdictCache(2);
        cache.Add(Key(1), Now, Now.AddMinutes(1), Refused);
        Assert.IsFalse(cache.TryGet(Key(1), Now.AddTicks(-1), out _));
        Assert.AreEqual(0, cache.Count);
    }

    [TestMethod]
    public void Add_Full_ForgetsLeastRecentlyUsed()
    {
        var cache = new VerdictCache(2);
        cache.Add(Key(1), Now, Now.AddMinutes(1), Refused);
        cache.Add(Key(2), Now, Now.AddMinutes(1), Refused);
        Assert.IsTrue(cache.TryGet(Key(1), Now, out _));
        cache.Add(Key(3), Now, Now.AddMinutes(1), Refused);
        Assert.AreEqual(2, cache.Count);
        Assert.IsTrue(cache.TryGet(Key(1), Now, out _));
        Assert.IsFalse(cache.TryGet(Key(2), Now, out _));
        Assert.IsTrue(cache.TryGet(Key(3), Now, out _));
    }

    [TestMethod]
    public void Add_SameKeyAgain_Replaces()
    {
        var cache = new VerdictCache(2);
        cache.Add(Key(1), Now, Now.AddMinutes(1), Refused);
        cache.Add(Key(1), Now, Now.AddMinutes(2), PeerCertificateVerdict.Accepted);
        Assert.AreEqual(1, cache.Count);
        Assert.IsTrue(cache.TryGet(Key(1), Now.AddSeconds(90), out PeerCertificateVerdict verdict));
        Assert.IsTrue(verdict.IsAccepted);
    }

    [TestMethod]
    public void Add_NoCapacityOrNoTime_KeepsNothing()
    {
        var none = new VerdictCache(0);
        none.Add(Key(1), Now, Now.AddMinutes(1), Refused);
        Assert.AreEqual(0, none.Count);
        var some = new VerdictCache(1);
        some.Add(Key(1), Now, Now, Refused);
        Assert.AreEqual(0, some.Count);
    }

    private static VerdictKey Key(int number) => new((UInt128)number, 0);
}
