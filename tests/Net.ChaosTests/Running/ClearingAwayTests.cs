using System.Globalization;
using Net.Chaos.Running;
using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;
using Net.Testing;

namespace Net.ChaosTests.Running;

/// <summary>However a run ends, it ends in time, and nothing that it started is left: no process, no folder, no disk.</summary>
[TestClass]
public sealed class ClearingAwayTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private readonly string _folder = Directory.CreateTempSubdirectory("clearing-away-").FullName;

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task Run_InterruptedWhileAHostStarts_LeavesNeitherProcessNorFolder()
    {
        using var interrupt = new CancellationTokenSource();
        Task<RunResult> run = RunAsync(NeverReady("exec sleep 600"), new SilentObserver(), interrupt.Token);
        int process = await ReadNumberAsync("h1.pid");
        Assert.IsTrue(IsAlive(process));

        await interrupt.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        await AssertGoneAsync(process);
        Assert.IsFalse(Directory.Exists(await ReadAsync("h1.dir")));
    }

    [TestMethod]
    public async Task Run_OneOfTwoHostsEndsAtOnce_EndsTheOther()
    {
        RunResult result = await RunAsync(
            NeverReady($"if [ {{name}} = h1 ]; then exec sleep 600; fi; while [ ! -s {_folder}/h1.pid ]; do sleep 0.02; done; exit 3", hosts: 2), new SilentObserver(), CancellationToken.None);

        Assert.Contains("h2 ended with exit code 3", result.Failure!);
        await AssertGoneAsync(await ReadNumberAsync("h1.pid"));
        Assert.IsFalse(Directory.Exists(await ReadAsync("h1.dir")));
    }

    [TestMethod]
    public async Task Run_HostThatIsNeverReady_EndsAtItsLimitWithWhatTheHostHadStarted()
    {
        RunResult result = await RunAsync(
            NeverReady($"sleep 600 & echo $! > {_folder}/child.pid; wait"), new SilentObserver(), CancellationToken.None, static o => o with { StartLimit = TimeSpan.FromSeconds(5) });

        Assert.Contains("h1 was not ready after 5 s", result.Failure!);
        Assert.IsFalse(result.Passed);
        await AssertGoneAsync(await ReadNumberAsync("h1.pid"));
        await AssertGoneAsync(await ReadNumberAsync("child.pid"));
    }

    [TestMethod]
    public async Task Run_HostThatNobodyReaches_EndsAtTheLimitForConnecting()
    {
        // It says that it is ready, and nobody listens.
        const string command = """echo "{\"port\": 9}" > {ready}.new; mv {ready}.new {ready}; exec sleep 600""";

        RunResult result = await RunAsync(NeverReady(command), new SilentObserver(), CancellationToken.None, static o => o with { ConnectLimit = TimeSpan.FromSeconds(1) });

        Assert.Contains("Not every client reached every host within 1 s", result.Failure!);
        await AssertGoneAsync(await ReadNumberAsync("h1.pid"));
        Assert.IsFalse(Directory.Exists(await ReadAsync("h1.dir")));
    }

    [TestMethod]
    public async Task Run_HostThatDoesNotStartAgain_FailsAndClearsAway()
    {
        RunResult result = await RunAsync(
            $$"""
            about: A host that starts once
            topology:
              hosts: 2
              host-command: [sh, -c, '{{Note}} if [ {name} = h1 ] && [ -e {{_folder}}/once ]; then exit 3; fi; if [ {name} = h1 ]; then touch {{_folder}}/once; fi;
                exec {{string.Join(' ', HostProgram.Find(null))}} serve --address 127.0.0.1 --port {port} --ready-file {ready} --admin none
                --cert {dir}/../certificates/{name}.pem --key {dir}/../certificates/{name}-key.pem --ca {dir}/../certificates/ca.pem']
            load:
              - unary: {rate: 5, deadline: 60s}
            warm-up: 0s
            duration: 60s
            faults:
              - {kill: h1, at: 100ms, start-after: 100ms}
            """,
            new SilentObserver(),
            CancellationToken.None);

        Assert.Contains("h1 ended with exit code 3", result.Failure!);
        await AssertGoneAsync(await ReadNumberAsync("h2.pid"));
        Assert.IsFalse(Directory.Exists(await ReadAsync("h2.dir")));
    }

    [TestMethod]
    public async Task Run_InterruptedUnderLoadAndFaults_LeavesNoProcessAndNoDisk()
    {
        using var interrupt = new CancellationTokenSource();
        var observer = new SilentObserver { OnTick = interrupt.Cancel };
        string disk = Environment.IsPrivilegedProcess ? "\n  disk: 4MB" : "";

        await Assert.ThrowsAsync<OperationCanceledException>(() => RunAsync(
            $$"""
            about: A run that is interrupted
            topology:
              hosts: 2{{disk}}
            load:
              - unary: {rate: 20, deadline: 60s}
              - stream: {streams: 4, rate: 5}
            warm-up: 0s
            duration: 120s
            faults:
              - {freeze: h1, at: 0s, for: 60s}
              - {toxic: loss, links: all, with: {probability: 0.2}, at: 0s, for: 60s}
            """,
            observer,
            interrupt.Token,
            o => o with { KeepDirectory = _folder }));

        string root = Path.Combine(_folder, "clearing");
        Assert.IsTrue(File.Exists(Path.Combine(root, "h1", "ready.json")), "The hosts ran.");
        Assert.IsEmpty(Directory.GetDirectories("/proc").Where(d => ReadOrEmpty(Path.Combine(d, "cmdline")).Contains(root, StringComparison.Ordinal)).ToArray());
        Assert.DoesNotContain(root, ReadOrEmpty("/proc/mounts"));
    }

    private string Note => $"echo {{dir}} > {_folder}/{{name}}.dir; echo $$ > {_folder}/{{name}}.pid;";

    private string NeverReady(string command, int hosts = 1) => $$"""
        about: Hosts that never serve
        topology:
          hosts: {{hosts}}
          host-command: [sh, -c, '{{Note}} {{command}} # {ready}']
        load:
          - unary: {rate: 20}
        duration: 1s
        """;

    private static Task<RunResult> RunAsync(string text, SilentObserver observer, CancellationToken cancellationToken, Func<RunOptions, RunOptions>? change = null)
    {
        var options = new RunOptions { Seed = 5, TimeProvider = TimeProvider.System };
        return new ScenarioRunner(ScenarioReader.Read(text, "clearing.yaml"), change?.Invoke(options) ?? options, observer).RunAsync(cancellationToken).WaitAsync(Limit, CancellationToken.None);
    }

    private async Task<int> ReadNumberAsync(string name) => int.Parse(await ReadAsync(name), CultureInfo.InvariantCulture);

    private async Task<string> ReadAsync(string name)
    {
        string text = "";
        await UntilAsync(() => (text = ReadOrEmpty(Path.Combine(_folder, name))).EndsWith('\n'));
        return text.Trim();
    }

    // What nobody waits for may be a zombie for a while.
    private static bool IsAlive(int process)
    {
        string stat = ReadOrEmpty(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        return stat.Length > 0 && stat[stat.LastIndexOf(')') + 2] != 'Z';
    }

    private static Task AssertGoneAsync(int process) => UntilAsync(() => !IsAlive(process));

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(TestDeadline.Limit);
        while (!isSo())
        {
            await Task.Delay(Poll, limit.Token);
        }
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private sealed class SilentObserver : IRunObserver
    {
        internal Action OnTick { get; init; } = static () => { };

        public void Started(Scenario scenario, ulong seed)
        {
        }

        public void Note(string text)
        {
        }

        public void Tick(RunView view) => OnTick();

        public void Ended(RunResult result)
        {
        }
    }
}
