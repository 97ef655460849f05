using System.Net;
using System.Net.Quic;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic;
using Net.MsQuic.Internal;
using Net.MsQuic.Interop;

namespace Net.UnitTests.MsQuic;

[TestClass]
public sealed class MsQuicSupportTests
{
    private static readonly MsQuicLibraryFinding Absent = new(false, null);

    [TestMethod]
    public void Describe_Usable_GivesVersionAndNoReason()
    {
        EngineSupport support = MsQuicSupport.Describe(true, new MsQuicLibraryFinding(true, new Version(2, 5, 10)), HostSystem.Linux, null);

        Assert.IsTrue(support.IsSupported);
        Assert.IsNull(support.Reason);
        Assert.AreEqual(new Version(2, 5, 10), support.Version);
    }

    [TestMethod]
    public void Describe_AbsentOnLinux_NamesPackageVersionAndSource()
    {
        EngineSupport support = MsQuicSupport.Describe(false, Absent, HostSystem.Linux, "the runtime's words");

        Assert.IsFalse(support.IsSupported);
        foreach (string needed in new[] { "libmsquic", "2.2.2", "Microsoft's package archive", "your distribution", "the runtime's words" })
        {
            StringAssert.Contains(support.Reason, needed, StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void Describe_AbsentOnMacOS_NamesFormula() =>
        StringAssert.Contains(MsQuicSupport.Describe(false, Absent, HostSystem.MacOS, null).Reason, "formula libmsquic", StringComparison.Ordinal);

    [TestMethod]
    public void Describe_TooOld_NamesBothVersions()
    {
        EngineSupport support = MsQuicSupport.Describe(false, new MsQuicLibraryFinding(true, new Version(2, 1, 0)), HostSystem.Linux, null);

        StringAssert.Contains(support.Reason, "2.1.0 is too old", StringComparison.Ordinal);
        StringAssert.Contains(support.Reason, "2.2.2", StringComparison.Ordinal);
        Assert.AreEqual(new Version(2, 1, 0), support.Version);
    }

    [TestMethod]
    public void Describe_OtherApiVersion_SaysSo() =>
        StringAssert.Contains(
            MsQuicSupport.Describe(false, new MsQuicLibraryFinding(true, null), HostSystem.Linux, null).Reason, "version 2 of its API", StringComparison.Ordinal);

    [TestMethod]
    public void Describe_NewEnoughButRefused_GivesRuntimeReason()
    {
        EngineSupport support = MsQuicSupport.Describe(false, new MsQuicLibraryFinding(true, new Version(2, 5, 0)), HostSystem.Linux, "no IPv6");

        StringAssert.Contains(support.Reason, "does not use it", StringComparison.Ordinal);
        StringAssert.Contains(support.Reason, "no IPv6", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Describe_OldWindows_NamesWhatIsNeeded() =>
        StringAssert.Contains(MsQuicSupport.Describe(false, Absent, HostSystem.Windows, null).Reason, "Windows 11", StringComparison.Ordinal);

    [TestMethod]
    public void Describe_OtherSystem_NamesTheOnesThatWork() =>
        StringAssert.Contains(MsQuicSupport.Describe(false, Absent, HostSystem.Other, null).Reason, "Linux, macOS and Windows", StringComparison.Ordinal);

    [TestMethod]
    public async Task Support_OnThisMachine_AgreesWithSystemNetQuic()
    {
        await using var engine = new MsQuicEngine();

        Assert.AreEqual(QuicListener.IsSupported && QuicConnection.IsSupported, engine.Support.IsSupported);
        Assert.AreEqual(engine.Support.IsSupported, engine.Support.Reason is null);
        if (engine.Support.IsSupported)
        {
            Assert.IsGreaterThanOrEqualTo(MsQuicSupport.MinimumVersion, engine.Support.Version!);
        }
    }

    [TestMethod]
    public async Task ConnectAsync_LibraryAbsent_ThrowsEngineMissingWithReason()
    {
        await using var engine = new MsQuicEngine();
        if (engine.Support.IsSupported)
        {
            Assert.Inconclusive("This machine has the library, so its absence cannot be seen.");
        }

        var options = new ConnectOptions
        {
            ApplicationProtocols = ["test/1"],
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1),
            Tls = new ClientTlsOptions { ServerCertificatePolicy = new AcceptingPolicy() },
        };
        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () => await engine.ConnectAsync(options));

        Assert.AreEqual(TransportError.EngineMissing, exception.Error);
        StringAssert.Contains(exception.Message, engine.Support.Reason, StringComparison.Ordinal);
    }

    private sealed class AcceptingPolicy : PeerCertificatePolicy
    {
        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context) => PeerCertificateVerdict.Accepted;
    }
}
