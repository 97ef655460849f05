using Net.Chaos.Judging;
using Net.Chaos.Running;
using Net.Testing;

namespace Net.ChaosTests.Running;

/// <summary>What handshakes showed is held against what lay in place then.</summary>
[TestClass]
public sealed class HandshakeLogTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly HandshakeLog _log;

    public HandshakeLogTests() => _log = new HandshakeLog(_time);

    [TestMethod]
    public void Show_NewCertificateAfterASecond_IsFresh()
    {
        _log.Place("h1", "A1");
        _log.Place("h1", "A2");
        _time.Advance(HandshakeLog.SwapTime - TimeSpan.FromTicks(1));
        _log.Show("a2");
        _time.Advance(TimeSpan.FromTicks(1));
        _log.Show("A2");

        CertificateEvidence seen = _log.Read();
        Assert.AreEqual(1, seen.Changes);
        Assert.AreEqual(1, seen.FreshHandshakes);
        Assert.AreEqual(TimeSpan.Zero, seen.LongestOld);
        Assert.AreEqual(2, _log.CountShown("A2"));
    }

    [TestMethod]
    public void Show_OldCertificate_IsHowLongItWasShown()
    {
        _log.Place("h1", "A1");
        _log.Place("h2", "B1");
        _time.Advance(TimeSpan.FromMinutes(1));
        _log.Place("h1", "A2");
        _time.Advance(TimeSpan.FromSeconds(3));
        _log.Show("A1");
        _log.Place("h1", "A3");
        _time.Advance(TimeSpan.FromSeconds(2));
        _log.Show("A2");
        _log.Show("B1");

        Assert.AreEqual(TimeSpan.FromSeconds(3), _log.Read().LongestOld);
        Assert.AreEqual(1, _log.Read().FreshHandshakes, "That of h2, which nobody changed.");
    }

    [TestMethod]
    public void Show_CertificateOfABadPair_IsCounted()
    {
        _log.Place("h1", "A1");
        _log.PlaceBad("A2");
        _log.Show("A2");
        _log.Show("C7");

        Assert.AreEqual(1, _log.Read().BadShown);
        Assert.AreEqual(0, _log.Read().Changes);
        Assert.AreEqual(0, _log.CountShown("C7"));
    }
}
