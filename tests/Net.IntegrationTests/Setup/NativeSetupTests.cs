using System.Runtime.InteropServices;

namespace Net.IntegrationTests.Setup;

/// <summary>src/setup/native.sh: what it reports, installs, and leaves alone.</summary>
[TestClass]
public sealed class NativeSetupTests
{
    private const string Script = "src/setup/native.sh";
    private const string Archive = "Types: deb\nURIs: http://archive.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n";

    [TestMethod]
    public async Task Check_ThisMachine_SaysWhatTheLoaderSays()
    {
        SetupRequirement.Program("bash");
        string[] unloadable = [.. FakeMachine.Libraries.Where(library => !NativeLibrary.TryLoad(library, out _))];

        ScriptResult result = await ScriptRun.StartAsync("bash", [RepositoryFiles.PathOf(Script), "--check"]);

        foreach (string library in FakeMachine.Libraries)
        {
            string[] missing = [.. result.OutputLines.Where(line => line.Contains("missing:", StringComparison.Ordinal))];
            Assert.AreEqual(unloadable.Contains(library), missing.Any(line => line.Contains(library, StringComparison.Ordinal)), result.Everything);
        }

        Assert.IsTrue(unloadable.Length == 0 || result.ExitCode == 1, result.Everything);
    }

    [TestMethod]
    public async Task Check_EverythingPresent_ExitsZero()
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasLibraries(FakeMachine.Libraries);

        ScriptResult result = await machine.RunAsync(Script, "--check");

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        Assert.AreEqual(
            "native.sh: present: libngtcp2.so.16 libngtcp2_crypto_gnutls.so.8 libnghttp3.so.9 libgnutls.so.30 openssl", result.Output.TrimEnd());
    }

    [TestMethod]
    public async Task Check_LibraryMissing_NamesItAndThePackagesAndChangesNothing()
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasLibraries("libngtcp2.so.16", "libngtcp2_crypto_gnutls.so.8", "libgnutls.so.30");

        ScriptResult result = await machine.RunAsync(Script, "--check");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        Assert.AreEqual("native.sh: missing: libnghttp3.so.9", result.OutputLines[0]);
        StringAssert.Contains(result.Output, "libngtcp2-16 libngtcp2-crypto-gnutls8 libnghttp3-9");
        Assert.IsEmpty(machine.AptCalls);
    }

    [TestMethod]
    public async Task Run_EverythingPresent_CallsNoAptGet()
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasLibraries(FakeMachine.Libraries);
        machine.HasPackages("gnutls28 libgnutls30 3.7.9-2+deb12u7");

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        Assert.IsEmpty(machine.AptCalls);
        Assert.IsEmpty(Directory.GetFiles(Path.Combine(machine.AptDirectory, "sources.list.d")));
    }

    [TestMethod]
    public async Task Run_Debian12_InstallsFromBackportsOnceAndThenNothing()
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasAptSources("sources.list.d/debian.sources", Archive);
        machine.HasLibraries("libgnutls.so.30");

        ScriptResult first = await machine.RunAsync(Script);
        string[] calls = machine.AptCalls;
        ScriptResult second = await machine.RunAsync(Script);

        Assert.AreEqual(0, first.ExitCode, first.Everything);
        Assert.HasCount(2, calls);
        Assert.AreEqual("update -q", calls[0]);
        StringAssert.StartsWith(calls[1], "install ");
        StringAssert.EndsWith(calls[1], " libngtcp2-16/bookworm-backports libngtcp2-crypto-gnutls8/bookworm-backports libnghttp3-9/bookworm-backports");
        string added = await File.ReadAllTextAsync(Path.Combine(machine.AptDirectory, "sources.list.d", "net-bookworm-backports.sources"));
        StringAssert.Contains(added, "URIs: http://archive.example/debian\nSuites: bookworm-backports\n");
        Assert.AreEqual(0, second.ExitCode, second.Everything);
        Assert.HasCount(2, machine.AptCalls);
    }

    [TestMethod]
    public async Task Run_PackageAlreadyInstalled_InstallsOnlyTheOthers()
    {
        using FakeMachine machine = new(FakeMachine.Debian13);
        machine.HasLibraries("libgnutls.so.30", "libnghttp3.so.9");
        machine.HasPackages("nghttp3 libnghttp3-9 1.8.0-1");

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        StringAssert.EndsWith(machine.AptCalls[1], " libngtcp2-16 libngtcp2-crypto-gnutls8");
    }

    [TestMethod]
    public async Task Run_Debian13_InstallsFromMainAndAddsNoSource()
    {
        using FakeMachine machine = new(FakeMachine.Debian13);

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        StringAssert.EndsWith(machine.AptCalls[1], " libngtcp2-16 libngtcp2-crypto-gnutls8 libnghttp3-9");
        Assert.IsEmpty(Directory.GetFiles(Path.Combine(machine.AptDirectory, "sources.list.d")));
    }

    [TestMethod]
    public async Task Run_LibraryStillMissingAfterInstall_Fails()
    {
        using FakeMachine machine = new(FakeMachine.Debian13);
        machine.WillInstall("libngtcp2.so.16", "libngtcp2_crypto_gnutls.so.8", "libgnutls.so.30");

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, "libnghttp3.so.9");
    }

    [TestMethod]
    public async Task Run_OldGnuTls_UpgradesEveryPackageOfGnuTlsTogether()
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasLibraries(FakeMachine.Libraries);
        machine.HasPackages("gnutls28 libgnutls30 3.7.9-2+deb12u6", "other libother1 1.0", "gnutls28 libgnutls28-dev 3.7.9-2+deb12u6");
        SetupRequirement.Program("dpkg");

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        StringAssert.EndsWith(machine.AptCalls[1], " --only-upgrade libgnutls30 libgnutls28-dev");
        StringAssert.Contains(machine.AptCalls[1], "--no-remove");
        // The stand-in for apt-get upgraded nothing, and that must not stay unsaid.
        StringAssert.Contains(result.Error, "libgnutls30 stays older than 3.7.9-2+deb12u7");
    }

    [TestMethod]
    public async Task Run_NeitherRootNorSudo_PrintsTheCommandAndFails()
    {
        using FakeMachine machine = new(FakeMachine.Debian12, userId: 1000);

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        StringAssert.Contains(
            result.Error,
            "apt-get update && apt-get install -y --no-install-recommends libngtcp2-16/bookworm-backports libngtcp2-crypto-gnutls8/bookworm-backports libnghttp3-9/bookworm-backports");
        Assert.IsEmpty(machine.AptCalls);
    }

    [TestMethod]
    [DataRow("deb http://archive.example/debian bookworm main\n", true)]
    [DataRow("deb http://archive.example/debian bookworm-backports main\n", false)]
    public async Task Run_NotRoot_AsksForTheSuiteOnlyWhereItIsNotNamed(string sources, bool asks)
    {
        using FakeMachine machine = new(FakeMachine.Debian12, userId: 1000);
        machine.HasAptSources("sources.list", sources);

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(asks, result.Error.Contains("--print-source", StringComparison.Ordinal), result.Everything);
    }

    [TestMethod]
    public async Task Run_SudoWithoutPassword_InstallsThroughIt()
    {
        using FakeMachine machine = new(FakeMachine.Debian13, userId: 1000, sudoWorks: true);

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        Assert.HasCount(2, machine.AptCalls);
        Assert.IsTrue(machine.SudoCalls.Any(call => call.Contains("apt-get install", StringComparison.Ordinal)), string.Join('\n', machine.SudoCalls));
    }

    [TestMethod]
    public async Task Run_OtherSystem_PrintsThePackageNamesAndFails()
    {
        using FakeMachine machine = new(FakeMachine.OtherSystem);

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, "neither Debian 12 nor Debian 13");
        StringAssert.Contains(result.Error, "libngtcp2-16 libngtcp2-crypto-gnutls8 libnghttp3-9");
        Assert.IsEmpty(machine.AptCalls);
    }

    [TestMethod]
    public async Task Run_OtherSystemWithTheLibraries_IsSatisfied()
    {
        using FakeMachine machine = new(FakeMachine.OtherSystem, userId: 1000);
        machine.HasLibraries(FakeMachine.Libraries);

        ScriptResult result = await machine.RunAsync(Script);

        Assert.AreEqual(0, result.ExitCode, result.Everything);
    }

    [TestMethod]
    [DataRow("--chek")]
    [DataRow("--check extra")]
    public async Task Run_BadArguments_ExitsTwoAndNamesThem(string arguments)
    {
        using FakeMachine machine = new(FakeMachine.Debian12);

        ScriptResult result = await machine.RunAsync(Script, arguments.Split(' '));

        Assert.AreEqual(2, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, arguments.Split(' ')[^1]);
    }
}
