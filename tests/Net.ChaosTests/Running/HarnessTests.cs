using Net.Chaos.Judging;
using Net.Chaos.Ledgers;
using Net.Chaos.Reporting;
using Net.Chaos.Running;
using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;
using Net.Testing;

namespace Net.ChaosTests.Running;

/// <summary>The harness itself finds what is wrong: real hosts and real calls, with one thing broken on purpose.</summary>
[TestClass]
public sealed class HarnessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [TestMethod]
    public async Task Run_HostWhoseLedgerMissesItsCalls_BreaksN2()
    {
        string command = string.Join(", ", HostProgram.Find(null).Select(static a => $"'{a}'"));

        RunResult result = await RunAsync($$"""
            about: A host that notes its calls where nobody looks
            topology:
              hosts: 1
              host-command: [{{command}}, serve, --address, 127.0.0.1, --port, '{port}', --ready-file, '{ready}', --admin, none, --ledger, '{ledger}.lost',
                --cert, '{dir}/../certificates/{name}.pem', --key, '{dir}/../certificates/{name}-key.pem', --ca, '{dir}/../certificates/ca.pem']
            load:
              - unary: {rate: 20, deadline: 60s}
            warm-up: 0s
            duration: 1s
            """);

        Assert.IsNull(result.Failure);
        Assert.IsGreaterThan(0, result.Evidence.Calls.Count(static c => c.Result == CallResult.Ok));
        Finding finding = result.Findings.Single(static f => f.Rule == "N2");
        Assert.IsFalse(finding.Holds, finding.Measured);
        Assert.IsFalse(result.Passed);
    }

    [TestMethod]
    public async Task Run_FaultThatDoesNotHappen_IsNoProof()
    {
        RunResult result = await RunAsync("""
            about: A toxic that loses nothing
            topology: {hosts: 1}
            load:
              - unary: {rate: 20, deadline: 60s}
            warm-up: 0s
            duration: 1500ms
            faults:
              - {toxic: loss, links: all, with: {probability: 0}, at: 100ms, for: 1s}
            """);

        Assert.IsNull(result.Failure);
        Finding proof = result.Findings.Single(static f => f.Rule == "proof");
        Assert.IsFalse(proof.Holds, proof.Measured);
        Assert.IsFalse(result.Passed);
    }

    [TestMethod]
    public async Task Run_HostThatGoesOnWithItsOldCertificate_IsFoundOut()
    {
        string command = string.Join(' ', HostProgram.Find(null));

        // What it reads is a copy, which nobody changes: so do servers that never look at their files again.
        RunResult result = await RunAsync($$"""
            about: A host that does not look at its files
            topology:
              hosts: 1
              host-command: [sh, -c, 'cp {dir}/../certificates/{name}.pem {dir}/kept.pem && cp {dir}/../certificates/{name}-key.pem {dir}/kept-key.pem &&
                exec {{command}} serve --address 127.0.0.1 --port {port} --ready-file {ready} --admin none --cert {dir}/kept.pem --key {dir}/kept-key.pem --ca {dir}/../certificates/ca.pem']
            load:
              - unary: {rate: 20, deadline: 60s}
            warm-up: 0s
            duration: 1s
            faults:
              - {certificates: rotate, on: [h1], at: 100ms}
            must:
              old-certificate: <= 1s
            """);

        Assert.IsNull(result.Failure);
        Finding proof = result.Findings.Single(static f => f.Rule == "proof");
        Assert.IsFalse(proof.Holds, proof.Measured);
        Assert.IsFalse(result.Findings.Single(static f => f.Rule == Figures.OldCertificate).Holds);
        Assert.IsGreaterThan(TimeSpan.FromSeconds(1), result.Evidence.Certificates!.LongestOld);
    }

    [TestMethod]
    public async Task Run_HostThatEndsAtOnce_SaysWhy()
    {
        RunResult result = await RunAsync("""
            about: A host that does not serve
            topology:
              hosts: 1
              host-command: [sh, -c, 'echo no such colour >&2; exit 3 # {ready}']
            load:
              - unary: {rate: 20}
            duration: 1s
            """);

        Assert.Contains("ended with exit code 3", result.Failure!);
        Assert.Contains("no such colour", result.Failure!);
        Assert.IsFalse(result.Passed);
    }

    private static Task<RunResult> RunAsync(string text)
    {
        var options = new RunOptions { Seed = 5, TimeProvider = TimeProvider.System };
        return new ScenarioRunner(ScenarioReader.Read(text, "harness.yaml"), options, new LineObserver(TextWriter.Null)).RunAsync(CancellationToken.None).WaitAsync(Limit);
    }
}
