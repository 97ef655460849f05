using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary><c>net aql</c> against a real <c>net serve</c>: queries of all kinds of input, the prompt, and rows that outlive the server.</summary>
[TestClass]
public sealed class AqlTests : HostTest
{
    private static readonly ConsoleKeyInfo Enter = new('\r', ConsoleKey.Enter, false, false, false);
    private static ServeProcess s_server = null!;

    [ClassInitialize]
    public static async Task StartServerAsync(TestContext context) => s_server = await ServeProcess.StartAsync(Certificates);

    [ClassCleanup]
    public static async Task StopServerAsync()
    {
        if (s_server is not null)
        {
            await s_server.DisposeAsync();
        }
    }

    [TestMethod]
    [DataRow("2")]
    [DataRow("3")]
    public async Task Aql_Queries_AreAnsweredInOrder(string http)
    {
        string collection = "order" + http;

        ScriptResult result = await RunAsync($"set {collection}/a one; set {collection}/b x\"00ff\"; range {collection} a..z; delete {collection}/a; get {collection}/a", "--http", http);

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        string[] sums = [.. result.Output.Split('\n').Where(static line => line.Contains(" in ", StringComparison.Ordinal)).Select(static line => line.Split(" in ")[0])];
        Assert.AreEqual("1 rows changed, 1 rows changed, 2 rows, 1 rows changed, 0 rows", string.Join(", ", sums), result.Output);
        Assert.Contains("x\"00ff\"", result.Output);
    }

    [TestMethod]
    public async Task Aql_Json_HoldsRowsAndIsCutWhereAsked()
    {
        ScriptResult result = await RunAsync("set json/a 1; set json/b 2; set json/c 3; range json a..z", "--json", "--max-rows", "2");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.AreEqual(1ul, json.RootElement[0].GetProperty("affectedRows").GetUInt64());
        JsonElement range = json.RootElement[3];
        Assert.IsTrue(range.GetProperty("isCut").GetBoolean());
        Assert.AreEqual("a1 b2", string.Join(' ', range.GetProperty("rows").EnumerateArray().Select(static row => $"{row.GetProperty("key").GetString()}{row.GetProperty("value").GetString()}")));
    }

    [TestMethod]
    public async Task Aql_FileAsBatch_TakesEffectWholeOrNotAtAll()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.Combine("good.aql"), "set batch/a 1;\nset batch/b 2;\n");
        await File.WriteAllTextAsync(directory.Combine("bad.aql"), $"set batch/c 3;\nset batch/{new string('k', 100_000)} 4;\n");

        ScriptResult good = await RunAsync("--file", directory.Combine("good.aql"), "--batch");
        ScriptResult bad = await RunAsync("--file", directory.Combine("bad.aql"), "--batch");
        ScriptResult rows = await RunAsync("range batch a..z", "--json");

        Assert.AreEqual(ExitCodes.Ok, good.ExitCode, good.Everything);
        Assert.AreEqual(ExitCodes.Failure, bad.ExitCode, bad.Everything);
        Assert.Contains("The server refused the query", bad.Error);
        using JsonDocument json = JsonDocument.Parse(rows.Output);
        Assert.AreEqual(2, json.RootElement[0].GetProperty("rows").GetArrayLength());
    }

    [TestMethod]
    public async Task Aql_StandardInput_IsAScript()
    {
        ScriptResult result = await ScriptRun.StartAsync(
            "bash", ["-c", "echo 'set input/a 1; get input/a' | \"$0\" \"$@\"", HostProgram.Path, .. s_server.ClientArguments("aql", s_server.EndPoint)]);

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains("1 rows in", result.Output);
    }

    [TestMethod]
    public async Task Aql_NoAql_PointsAtThePlace()
    {
        ScriptResult result = await RunAsync("get users 42");

        Assert.AreEqual(ExitCodes.Usage, result.ExitCode, result.Everything);
        Assert.Contains("line 1, column 11", result.Error);
        Assert.Contains("^", result.Error);
    }

    [TestMethod]
    public async Task Aql_Prompt_AnswersGoesOnAfterMistakesAndRemembersLines()
    {
        ConsoleKeyInfo[] again = [new('\0', ConsoleKey.UpArrow, false, false, false), Enter];
        using HostCommands host = MakePrompt([.. Line("set prompt/a 7"), .. Line("no query"), .. Line("get prompt/a"), .. again]);

        int code = await host.RunAsync(s_server.ClientArguments("aql", s_server.EndPoint)).WithTimeout();

        Assert.AreEqual(ExitCodes.Ok, code, host.Error);
        Assert.Contains("1 rows changed in", host.Output);
        Assert.AreEqual(2, host.Output.Split("1 rows in").Length - 1, host.Output);
        Assert.Contains("This is no AQL", host.Error);
    }

    [TestMethod]
    public async Task Aql_Prompt_ShowsRowsAsATable()
    {
        using HostCommands host = MakePrompt([.. Line("set table/a one; set table/b \"[twenty two]\""), .. Line("range table a..z"), .. Line("get table/none")]);

        int code = await host.RunAsync(s_server.ClientArguments("aql", s_server.EndPoint)).WithTimeout();

        Assert.AreEqual(ExitCodes.Ok, code, host.Error);
        string[] table = [.. host.Output.Split('\n').Select(static line => line.Trim()).SkipWhile(static line => !line.StartsWith('╭')).TakeWhile(static line => !line.Contains("rows in", StringComparison.Ordinal))];
        CollectionAssert.AreEqual(
            (string[])
            [
                "╭─────┬────────────────╮",
                "│ key │ value          │",
                "├─────┼────────────────┤",
                "│ a   │ one            │",
                "│ b   │ \"[twenty two]\" │",
                "╰─────┴────────────────╯",
            ],
            table,
            host.Output);
        Assert.Contains("0 rows in", host.Output);
    }

    [TestMethod]
    public async Task Serve_WithData_KeepsRowsOverARestart()
    {
        using var directory = new TemporaryDirectory();
        string data = directory.Combine("data");
        await using (ServeProcess first = await ServeProcess.StartAsync(Certificates, "--data", data))
        {
            ScriptResult set = await HostProgram.RunAsync(first.ClientArguments("aql", first.EndPoint, "set kept/a 1"));
            Assert.AreEqual(ExitCodes.Ok, set.ExitCode, set.Everything);

            // Not stopped but killed, when it is disposed.
        }

        await using ServeProcess second = await ServeProcess.StartAsync(Certificates, "--data", data);
        Assert.Contains("AQL data     1 rows in 1 collections", second.Output);
        ScriptResult get = await HostProgram.RunAsync(second.ClientArguments("aql", second.EndPoint, "get kept/a"));
        Assert.Contains("1 rows in", get.Output);

        ScriptResult third = await HostProgram.RunAsync(
            "serve", "--admin", "none", "--address", "127.0.0.1", "--port", "0", "--data", data,
            "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"), "--ca", Certificates.PathOf("ca.pem"));
        Assert.AreEqual(ExitCodes.Failure, third.ExitCode, third.Everything);
        Assert.Contains($"The data in '{data}' cannot be used", third.Error);
        Assert.DoesNotContain("   at ", third.Error);
    }

    private static IEnumerable<ConsoleKeyInfo> Line(string text) => [.. text.Select(static character => new ConsoleKeyInfo(character, ConsoleKey.None, false, false, false)), Enter];

    private static HostCommands MakePrompt(IEnumerable<ConsoleKeyInfo> typed)
    {
        var keys = new Queue<ConsoleKeyInfo>(typed);
        return new HostCommands(context => context with { IsInputRedirected = false, ReadKey = () => keys.TryDequeue(out ConsoleKeyInfo key) ? key : null });
    }

    private static Task<ScriptResult> RunAsync(params string[] arguments) => HostProgram.RunAsync(s_server.ClientArguments(["aql", s_server.EndPoint, .. arguments]));
}
