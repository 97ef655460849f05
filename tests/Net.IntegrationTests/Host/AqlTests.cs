using System.Text.Json;
using Net.Hosting;
using Net.Hosting.CommandLine;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary><c>net aql</c> against a real <c>net serve</c>: queries of all kinds of input, the prompt, and rows that outlive the server.</summary>
[TestClass]
public sealed class AqlTests
{
    private static MadeCertificates s_certificates = null!;
    private static ServeProcess s_server = null!;

    [ClassInitialize]
    public static async Task StartServerAsync(TestContext context)
    {
        await HostProgram.RequireEngineAsync();
        s_certificates = new MadeCertificates();
        await s_certificates.MakeAsync();
        s_server = await ServeProcess.StartAsync(s_certificates);
    }

    [ClassCleanup]
    public static async Task StopServerAsync()
    {
        if (s_server is not null)
        {
            await s_server.DisposeAsync();
        }

        s_certificates?.Dispose();
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
        using var output = new StringWriter();
        using var error = new StringWriter();
        var keys = new Queue<ConsoleKeyInfo>();
        Type(keys, "set prompt/a 7");
        keys.Enqueue(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false));
        Type(keys, "no query");
        keys.Enqueue(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false));
        Type(keys, "get prompt/a");
        keys.Enqueue(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false));
        keys.Enqueue(new ConsoleKeyInfo('\0', ConsoleKey.UpArrow, false, false, false));
        keys.Enqueue(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false));
        HostContext context = HostContext.ForProcess() with
        {
            Output = output,
            Error = error,
            Console = HostContext.MakeConsole(output, isRedirected: true),
            IsInputRedirected = false,
            GetEnvironmentVariable = static _ => null,
            ReadKey = () => keys.TryDequeue(out ConsoleKeyInfo key) ? key : null,
        };

        int code = await HostCommandLine.RunAsync(s_server.ClientArguments("aql", s_server.EndPoint), context).WithTimeout();

        Assert.AreEqual(ExitCodes.Ok, code, error.ToString());
        Assert.Contains("1 rows changed in", output.ToString());
        Assert.AreEqual(2, output.ToString().Split("1 rows in").Length - 1, output.ToString());
        Assert.Contains("This is no AQL", error.ToString());
    }

    [TestMethod]
    public async Task Serve_WithData_KeepsRowsOverARestart()
    {
        using var directory = new TemporaryDirectory();
        string data = directory.Combine("data");
        await using (ServeProcess first = await ServeProcess.StartAsync(s_certificates, "--data", data))
        {
            ScriptResult set = await HostProgram.RunAsync(first.ClientArguments("aql", first.EndPoint, "set kept/a 1"));
            Assert.AreEqual(ExitCodes.Ok, set.ExitCode, set.Everything);

            // Not stopped but killed, when it is disposed.
        }

        await using ServeProcess second = await ServeProcess.StartAsync(s_certificates, "--data", data);
        Assert.Contains("AQL data     1 rows in 1 collections", second.Output);
        ScriptResult get = await HostProgram.RunAsync(second.ClientArguments("aql", second.EndPoint, "get kept/a"));
        Assert.Contains("1 rows in", get.Output);

        ScriptResult third = await HostProgram.RunAsync(
            "serve", "--admin", "none", "--address", "127.0.0.1", "--port", "0", "--data", data,
            "--cert", s_certificates.PathOf("server.pem"), "--key", s_certificates.PathOf("server-key.pem"), "--ca", s_certificates.PathOf("ca.pem"));
        Assert.AreEqual(ExitCodes.Failure, third.ExitCode, third.Everything);
        Assert.Contains($"The data in '{data}' cannot be used", third.Error);
        Assert.DoesNotContain("   at ", third.Error);
    }

    private static void Type(Queue<ConsoleKeyInfo> keys, string text)
    {
        foreach (char character in text)
        {
            keys.Enqueue(new ConsoleKeyInfo(character, ConsoleKey.None, false, false, false));
        }
    }

    private static Task<ScriptResult> RunAsync(params string[] arguments) => HostProgram.RunAsync(s_server.ClientArguments(["aql", s_server.EndPoint, .. arguments]));
}
