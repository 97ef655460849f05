using Net.Chaos.CommandLine;

namespace Net.ChaosTests.CommandLine;

/// <summary>What <c>net-chaos run</c> says when it cannot run.</summary>
[TestClass]
public sealed class RunCommandTests
{
    [TestMethod]
    public async Task Run_WithoutFile_IsAMistakeOfUse() => await AssertFailsAsync(2, "'run'", "run");

    [TestMethod]
    public async Task Run_FileThatIsNotThere_NamesIt() => await AssertFailsAsync(2, "nowhere.yaml", "run", "nowhere.yaml");

    [TestMethod]
    public async Task Run_GroupThatDoesNotExist_NamesThoseThatDo() => await AssertFailsAsync(2, "soak", "run", "a.yaml", "--group", "slow");

    [TestMethod]
    public async Task Run_EngineThatDoesNotExist_NamesThoseThatDo() => await AssertFailsAsync(2, "msquic", "run", "a.yaml", "--engine", "quiche");

    [TestMethod]
    public async Task Run_EngineThatDoesNotRunHere_SaysThatNothingWasShownAndWhatToInstall()
    {
        if (new MsQuic.MsQuicEngine().Support.IsSupported)
        {
            Assert.Inconclusive("libmsquic is installed here.");
        }

        string path = await WriteAsync("about: x\nload:\n  - unary: {rate: 1}\n");
        try
        {
            var output = new StringWriter();
            var error = new StringWriter();
            int code = await ChaosCommandLine.RunAsync(["run", path, "--engine", "msquic", "--seed", "9"], new CommandContext(output, error, TimeProvider.System, static () => 1));

            Assert.AreEqual(1, code, error.ToString());
            Assert.Contains("The engine 'msquic' (--engine) does not run here, so that nothing was shown.", output.ToString());
            Assert.Contains("libmsquic", output.ToString());
            Assert.Contains($"net-chaos run {path} --seed 9 --engine msquic", error.ToString());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public async Task Run_CertificateWithoutKey_AsksForBoth() => await AssertFailsAsync(2, "--cert and --key belong together", "run", "a.yaml", "--cert", "c.pem");

    [TestMethod]
    public async Task Run_FileWithFaults_TellsAllOfThemWithTheirPlaces()
    {
        string path = await WriteAsync("about: x\ncolour: red\nload:\n  - unary: {rate: many}\n");
        try
        {
            await AssertFailsAsync(2, $"{path}:2:1: there is no 'colour' here", "run", path);
            await AssertFailsAsync(2, $"{path}:4:19: rate is 'many'", "run", path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public async Task Run_HostProgramThatIsNotThere_FailsAndPrintsWhatRepeatsIt()
    {
        string path = await WriteAsync("about: x\nload:\n  - unary: {rate: 1}\n");
        try
        {
            await AssertFailsAsync(1, $"net-chaos run {path} --seed 9 --host nowhere/net", "run", path, "--seed", "9", "--host", "nowhere/net");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<string> WriteAsync(string text)
    {
        string path = Path.Combine(Path.GetTempPath(), $"net-chaos-{Guid.NewGuid():n}.yaml");
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    private static async Task AssertFailsAsync(int exitCode, string message, params string[] arguments)
    {
        var error = new StringWriter();
        int code = await ChaosCommandLine.RunAsync(arguments, new CommandContext(TextWriter.Null, error, TimeProvider.System, static () => 1));

        Assert.AreEqual(exitCode, code, error.ToString());
        Assert.Contains(message, error.ToString());
    }
}
