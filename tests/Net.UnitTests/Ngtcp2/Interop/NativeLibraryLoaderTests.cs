using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

[TestClass]
public sealed class NativeLibraryLoaderTests
{
    private const string Packages = "libngtcp2-16 libngtcp2-crypto-gnutls8";

    [TestMethod]
    public void Load_WithAllLibraries_IsSupportedAndGivesTheHandles()
    {
        var source = new FakeSource();
        var (probe, handles) = new NativeLibraryLoader(source, directory: null).Load();
        Assert.AreEqual(new NativeLibraryProbe(true, null, new Version(1, 11, 0), new Version(3, 7, 9)), probe);
        Assert.AreEqual(new NativeLibraryHandles(1, 2, 3), handles);
        Assert.AreEqual("libgnutls.so.30 libngtcp2.so.16 libngtcp2_crypto_gnutls.so.8", string.Join(' ', source.Loaded));
    }

    [TestMethod]
    [DataRow(NativeLibraryNames.GnuTls)]
    [DataRow(NativeLibraryNames.Ngtcp2)]
    [DataRow(NativeLibraryNames.Ngtcp2Crypto)]
    public void Load_WithOneMissing_NamesTheFileTheReasonAndThePackages(string missing)
    {
        var (probe, handles) = new NativeLibraryLoader(new FakeSource { Missing = missing }, directory: null).Load();
        Assert.IsFalse(probe.IsSupported);
        Assert.AreEqual(default, handles);
        Assert.StartsWith($"{missing} could not be loaded: {missing}: cannot open shared object file: No such file or directory. ", probe.Reason!);
        Assert.Contains($"apt-get install {Packages}", probe.Reason!);
        Assert.DoesNotContain("general advice", probe.Reason!);
    }

    [TestMethod]
    public void Load_OfALibraryForAnotherProcessor_SaysSo()
    {
        var (probe, _) = new NativeLibraryLoader(new FakeSource { WrongProcessor = true }, directory: null).Load();
        Assert.IsFalse(probe.IsSupported);
        Assert.Contains("libgnutls.so.30 is not made for this processor (TestOS on Test64)", probe.Reason!);
    }

    [TestMethod]
    [DataRow("1.10.9", "3.7.9", "libngtcp2.so.16 is ngtcp2 1.10.9, which is too old: 1.11.0 or later is needed.")]
    [DataRow("0.12.1", "3.7.9", "libngtcp2.so.16 is ngtcp2 0.12.1, which is too old: 1.11.0 or later is needed.")]
    [DataRow("1.11.0", "3.7.8", "libgnutls.so.30 is GnuTLS 3.7.8, which is too old: 3.7.9 or later is needed.")]
    [DataRow("", "3.7.9", "libngtcp2.so.16 does not tell its version; ngtcp2 1.11.0 or later is needed.")]
    [DataRow("dev", "3.7.9", "libngtcp2.so.16 does not tell its version; ngtcp2 1.11.0 or later is needed.")]
    public void Load_WithAnOldLibrary_NamesBothVersionsAndThePackages(string ngtcp2, string gnuTls, string expected)
    {
        var source = new FakeSource { Ngtcp2Version = ngtcp2, GnuTlsVersion = gnuTls };
        var (probe, handles) = new NativeLibraryLoader(source, directory: null).Load();
        Assert.IsFalse(probe.IsSupported);
        Assert.AreEqual(default, handles);
        Assert.StartsWith(expected, probe.Reason!);
        Assert.Contains(Packages, probe.Reason!);
    }

    [TestMethod]
    [DataRow("1.11.0", "3.7.9")]
    [DataRow("1.22.0-DEV", "3.8.9")]
    [DataRow("2.0.0", "4.0.0")]
    public void Load_WithALaterLibrary_IsSupported(string ngtcp2, string gnuTls)
    {
        var source = new FakeSource { Ngtcp2Version = ngtcp2, GnuTlsVersion = gnuTls };
        Assert.IsTrue(new NativeLibraryLoader(source, directory: null).Load().Probe.IsSupported);
    }

    [TestMethod]
    public void Load_WithALinkLibraryOfAnEarlierVersion_NamesTheMissingFunction()
    {
        var source = new FakeSource { MissingSymbol = "ngtcp2_crypto_version_negotiation_cb" };
        var (probe, _) = new NativeLibraryLoader(source, directory: null).Load();
        Assert.IsFalse(probe.IsSupported);
        Assert.StartsWith("libngtcp2_crypto_gnutls.so.8 has no ngtcp2_crypto_version_negotiation_cb", probe.Reason!);
    }

    [TestMethod]
    public void Load_OnAnotherSystem_LoadsNothingAndNamesTheOtherEngine()
    {
        var source = new FakeSource { IsLinux = false };
        var (probe, _) = new NativeLibraryLoader(source, directory: null).Load();
        Assert.AreEqual("The ngtcp2 engine runs on Linux only, and this is TestOS on Test64. Use the msquic engine.", probe.Reason);
        Assert.IsEmpty(source.Loaded);
    }

    [TestMethod]
    public void Load_InA32BitProcess_LoadsNothingAndNamesTheOtherEngine()
    {
        var source = new FakeSource { Is64BitLittleEndian = false };
        var (probe, _) = new NativeLibraryLoader(source, directory: null).Load();
        Assert.AreEqual(
            "The ngtcp2 engine needs a 64-bit little-endian process, and this is TestOS on Test64. Use the msquic engine.", probe.Reason);
        Assert.IsEmpty(source.Loaded);
    }

    [TestMethod]
    public void Load_WithADirectory_TakesBothNgtcp2LibrariesFromThere()
    {
        var source = new FakeSource();
        Assert.IsTrue(new NativeLibraryLoader(source, "/some/where").Load().Probe.IsSupported);
        Assert.AreEqual(
            "libgnutls.so.30 /some/where/libngtcp2.so.16 /some/where/libngtcp2_crypto_gnutls.so.8", string.Join(' ', source.Loaded));
    }

    [TestMethod]
    public void Load_WithADirectoryThatHasGnuTls_TakesItFromThereToo()
    {
        var source = new FakeSource { File = "/some/where/libgnutls.so.30" };
        Assert.IsTrue(new NativeLibraryLoader(source, "/some/where").Load().Probe.IsSupported);
        Assert.AreEqual("/some/where/libgnutls.so.30", source.Loaded[0]);
    }

    [TestMethod]
    public void Load_FromAnEmptyDirectoryOfThisMachine_GivesTheReasonOfTheSystem()
    {
        var source = new SystemLibrarySource();
        if (!source.IsLinux)
        {
            Assert.Inconclusive("The words are those of Linux.");
        }

        var directory = Directory.CreateTempSubdirectory("net-empty-");
        try
        {
            var (probe, _) = new NativeLibraryLoader(source, directory.FullName).Load();
            Assert.IsFalse(probe.IsSupported);
            Assert.Contains("cannot open shared object file: No such file or directory", probe.Reason!);
            Assert.Contains(Packages, probe.Reason!);
        }
        finally
        {
            directory.Delete();
        }
    }

    /// <summary>A machine on which everything is well, but for what a test changes.</summary>
    private sealed class FakeSource : INativeLibrarySource
    {
        public List<string> Loaded { get; } = [];

        public string? Missing { get; init; }

        public string? MissingSymbol { get; init; }

        public string? File { get; init; }

        public bool WrongProcessor { get; init; }

        public string Ngtcp2Version { get; init; } = "1.11.0";

        public string GnuTlsVersion { get; init; } = "3.7.9";

        public bool IsLinux { get; init; } = true;

        public bool Is64BitLittleEndian { get; init; } = true;

        public string PlatformDescription => "TestOS on Test64";

        public bool FileExists(string path) => path == File;

        public nint Load(string pathOrName)
        {
            if (WrongProcessor)
            {
                throw new BadImageFormatException("wrong ELF class");
            }

            if (pathOrName == Missing)
            {
                throw new DllNotFoundException(
                    $"general advice\n{pathOrName}: cannot open shared object file: No such file or directory\n");
            }

            Loaded.Add(pathOrName);
            return Loaded.Count;
        }

        public bool HasExport(nint library, string symbol) => symbol != MissingSymbol;

        public string ReadNgtcp2Version(nint library) => Ngtcp2Version;

        public string ReadGnuTlsVersion(nint library) => GnuTlsVersion;
    }
}
