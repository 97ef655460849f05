namespace Net.IntegrationTests.Setup;

/// <summary>src/setup/summarize-tests.sh: the counts that people and CI rely on, above all when something went wrong.</summary>
[TestClass]
public sealed class TestSummaryTests : IDisposable
{
    private readonly TemporaryDirectory _results = new();

    public void Dispose() => _results.Dispose();

    [TestMethod]
    public async Task Summarize_SeveralProjects_AddsThemUp()
    {
        Project("First", passed: 3, skipped: 2);
        Project("Second", passed: 4);

        ScriptResult result = await SummarizeAsync("First", "Second");

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        Assert.AreEqual("7 passed, 0 failed, 2 skipped", result.OutputLines[^1]);
        Assert.AreEqual("7 passed, 0 failed, 2 skipped\n", await File.ReadAllTextAsync(_results.Combine("summary.txt")));
        StringAssert.Contains(result.Output, "skipped 2: the <library> is missing");
    }

    [TestMethod]
    public async Task Summarize_FailedTest_FailsAndNamesIt()
    {
        Project("First", passed: 3, failed: 1, exitCode: 1);

        ScriptResult result = await SummarizeAsync("First");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        Assert.AreEqual("3 passed, 1 failed, 0 skipped", result.OutputLines[^1]);
        StringAssert.Contains(result.Output, "failed: Broken0 (\"a\" & <b>)");
    }

    [TestMethod]
    public async Task Summarize_ProjectWithoutTests_CountsZero()
    {
        Project("First", passed: 1);
        Project("Empty");

        ScriptResult result = await SummarizeAsync("First", "Empty");

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        Assert.AreEqual("1 passed, 0 failed, 0 skipped", result.OutputLines[^1]);
    }

    [TestMethod]
    public async Task Summarize_CrashedHost_IsAFailureAlthoughNoTestFailed()
    {
        Project("First", passed: 3, exitCode: 1, aborted: true);

        ScriptResult result = await SummarizeAsync("First");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        Assert.AreEqual("3 passed, 1 failed, 0 skipped", result.OutputLines[^1]);
        StringAssert.Contains(result.Output, "First: the run was aborted by a crash or a hang");
    }

    [TestMethod]
    public async Task Summarize_NonZeroExitWithoutFailedTest_IsAFailure()
    {
        Project("First", passed: 3, exitCode: 124);

        ScriptResult result = await SummarizeAsync("First");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        Assert.AreEqual("3 passed, 1 failed, 0 skipped", result.OutputLines[^1]);
    }

    [TestMethod]
    public async Task Summarize_ResultsMissing_IsAFailure()
    {
        Project("First", passed: 3);

        ScriptResult result = await SummarizeAsync("First", "Vanished");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        Assert.AreEqual("3 passed, 1 failed, 0 skipped", result.OutputLines[^1]);
        StringAssert.Contains(result.Output, "Vanished: left no results");
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(4)]
    public async Task Summarize_NoTestRan_Fails(int skipped)
    {
        Project("First", skipped: skipped);

        ScriptResult result = await SummarizeAsync("First");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        Assert.AreEqual($"0 passed, 0 failed, {skipped} skipped", result.OutputLines[^1]);
    }

    private Task<ScriptResult> SummarizeAsync(params string[] projects)
    {
        SetupRequirement.Program("bash");
        return ScriptRun.StartAsync("bash", [RepositoryFiles.PathOf("src/setup/summarize-tests.sh"), _results.Path, .. projects]);
    }

    // Written the way the test platform writes it: skipped tests are in no counter but the total, and neither is a crash.
    private void Project(string name, int passed = 0, int failed = 0, int skipped = 0, int exitCode = 0, bool aborted = false)
    {
        string Results(int count, string test, string outcome, string message) => string.Concat(Enumerable.Range(0, count).Select(index => $"""
                <UnitTestResult testName="{test}{index} (&quot;a&quot; &amp; &lt;b&gt;)" outcome="{outcome}" duration="00:00:00.1">
                  <Output><StdOut>&lt;Counters total="99" passed="99" /&gt; The active test run was aborted.</StdOut>
                    <ErrorInfo>
                      <Message>{message}</Message>
                    </ErrorInfo>
                  </Output>
                </UnitTestResult>

            """));
        string text = aborted ? "<RunInfo><Text>The active test run was aborted. Reason: Test host process crashed</Text></RunInfo>" : string.Empty;
        _results.WriteFile($"{name}.trx", $"""
            <?xml version="1.0" encoding="utf-8"?>
            <TestRun>
              <Results>
            {Results(passed, "Good", "Passed", string.Empty)}{Results(failed, "Broken", "Failed", "it broke")}
            {Results(skipped, "Missing", "NotExecuted", "Initialization method A.B threw exception. Assert.Inconclusive. the &lt;library&gt; is missing")}
              </Results>
              <ResultSummary outcome="{(failed > 0 || aborted ? "Failed" : "Completed")}">
                <Counters total="{passed + failed + skipped}" executed="{passed + failed}" passed="{passed}" failed="{failed}" error="0" timeout="0" aborted="0" inconclusive="0" passedButRunAborted="0" notRunnable="0" notExecuted="0" />
                {text}
              </ResultSummary>
            </TestRun>
            """);
        _results.WriteFile($"{name}.exit", $"{exitCode}\n");
    }
}
