using System.Text.RegularExpressions;
using Net.IntegrationTests.Host;

namespace Net.IntegrationTests.Setup;

/// <summary>The Makefile's targets, seen through make's dry run, and the entry of continuous integration.</summary>
[TestClass]
public sealed partial class MakefileTests
{
    [TestMethod]
    public async Task Help_IsTheDefaultAndNamesEveryTarget()
    {
        ScriptResult result = await MakeAsync();

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        foreach (string target in "run test build deps certs bench interop clean".Split(' '))
        {
            Assert.IsTrue(result.OutputLines.Any(line => line.StartsWith($"make {target} ", StringComparison.Ordinal)), $"{target}: {result.Everything}");
        }
    }

    [TestMethod]
    public async Task Run_OnAFreshMachine_SetsUpBuildsAndServesInThisOrder()
    {
        ScriptResult result = await MakeAsync("--dry-run", "run", "PORT=4433");

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        AssertOrder(result.Output, "src/setup/native.sh", "src/setup/dotnet.sh", "dotnet build", "certs/make-certs.sh", "net serve --port 4433");
        string command = LineBreak().Replace(result.Output, " ");
        StringAssert.Contains(command, "artifacts/bin/Net.Host/release/net serve --port 4433 --cert certs/out/server.pem " +
            "--key certs/out/server-key.pem --ca certs/out/ca.pem --client-certificate required");
    }

    [TestMethod]
    public async Task Run_TheCommandItEndsWith_ShowsAFirstCallWhenItComesUp()
    {
        MadeCertificates certificates = await HostSetup.RequireAsync();
        ScriptResult dryRun = await MakeAsync("--dry-run", "run", "PORT=0");
        string command = LineBreak().Replace(dryRun.Output, " ").Split('\n').Single(static line => line.Contains("net serve", StringComparison.Ordinal)).Trim();
        Assert.DoesNotContain("--admin", command, "Health and metrics are where the program has them by default.");
        string[] words = command.Replace("certs/out/", certificates.OutputDirectory + "/", StringComparison.Ordinal).Split(' ');
        CollectionAssert.AreEqual((string[])["exec", "artifacts/bin/Net.Host/release/net"], words[..2]);

        await using ServeProcess server = await ServeProcess.StartAsync(
            certificates, readyFile => [.. words[2..], "--address", "127.0.0.1", "--admin", "127.0.0.1:0", "--ready-file", readyFile]);

        await server.WaitForAsync("First call: echo.EchoService/Echo over HTTP/3 on ");
        await server.WaitForAsync("First round trip: ");
    }

    [TestMethod]
    public async Task Run_WithoutPort_Serves443()
    {
        ScriptResult result = await MakeAsync("--dry-run", "run");

        StringAssert.Contains(result.Output, "net serve --port 443 ");
    }

    [TestMethod]
    public async Task Test_OnAFreshMachine_SetsUpBuildsAndTestsWithoutInstallingPeers()
    {
        ScriptResult result = await MakeAsync("--dry-run", "test");

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        AssertOrder(result.Output, "src/setup/native.sh", "src/setup/dotnet.sh", "dotnet build", "certs/make-certs.sh", "src/setup/test.sh");
        Assert.DoesNotContain("peers.sh", result.Output);
    }

    [TestMethod]
    public async Task Interop_RunsOnlyItsCategory()
    {
        ScriptResult result = await MakeAsync("--dry-run", "interop");

        StringAssert.Contains(result.Output, "--filter 'TestCategory=Interop'");
    }

    [TestMethod]
    public async Task ContinuousIntegration_SetUpFails_EndsWithACounterLineAndFails()
    {
        using TemporaryDirectory checkout = new();
        SetupRequirement.Program("bash");
        checkout.WriteFile(Path.Combine(".ci", "run"), await File.ReadAllTextAsync(RepositoryFiles.PathOf(".ci/run")));

        // A checkout without its scripts: nothing can be set up, and that must not look like success.
        ScriptResult result = await ScriptRun.StartAsync("bash", [checkout.Combine(".ci", "run")], workingDirectory: checkout.Path);

        Assert.AreNotEqual(0, result.ExitCode, result.Everything);
        Assert.AreEqual("0 passed, 1 failed, 0 skipped", result.OutputLines[^1]);
    }

    [TestMethod]
    public async Task DotNetCheck_SdkMissing_NamesTheVersionAndWhereToLook()
    {
        SetupRequirement.Program("bash");
        using TemporaryDirectory programs = new();
        // Only what the script itself needs, so that dotnet is not in PATH wherever it may be installed.
        foreach (string name in new[] { "dirname", "sed", "cat" })
        {
            SetupRequirement.Program(name);
            string path = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Select(directory => Path.Combine(directory, name)).First(File.Exists);
            File.CreateSymbolicLink(programs.Combine(name), path);
        }

        ScriptResult result = await ScriptRun.StartAsync(
            "/bin/bash", [RepositoryFiles.PathOf("src/setup/dotnet.sh")], new Dictionary<string, string> { ["PATH"] = programs.Path });

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, ".NET SDK 10.0.100");
        StringAssert.Contains(result.Error, "dotnet-sdk-10.0");
    }

    [TestMethod]
    public async Task Peers_FreshDebian12_InstallsFromTheSameSuiteAsTheEngine()
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasAptSources("sources.list", "deb http://archive.example/debian bookworm main\n");
        machine.HasPackages("gcc-defaults gcc 12", "glibc libc6-dev 2.36", "openssl openssl 3.0");

        // What follows the packages depends on this machine's Node, so only the packages are looked at.
        await machine.RunAsync("src/setup/peers.sh");

        StringAssert.Contains(machine.AptCalls[1], " ngtcp2-client/bookworm-backports ngtcp2-server/bookworm-backports " +
            "libngtcp2-dev/bookworm-backports libngtcp2-crypto-gnutls-dev/bookworm-backports libnghttp3-dev/bookworm-backports libcurl3-gnutls/bookworm-backports python3-pycurl tshark iproute2");
        StringAssert.Contains(machine.AptCalls[1], "--no-remove");
    }

    private static Task<ScriptResult> MakeAsync(params string[] arguments)
    {
        SetupRequirement.Program("make");
        return ScriptRun.StartAsync("make", arguments);
    }

    private static void AssertOrder(string text, params string[] parts)
    {
        int position = 0;
        foreach (string part in parts)
        {
            int found = text.IndexOf(part, position, StringComparison.Ordinal);
            Assert.IsTrue(found >= 0, $"'{part}' does not follow where it should in:\n{text}");
            position = found + part.Length;
        }
    }

    [GeneratedRegex("""\s*\\\n\s*""")]
    private static partial Regex LineBreak();
}
