using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary><c>net echo</c> and <c>net bench echo</c> as processes against a real <c>net serve</c>.</summary>
[TestClass]
public sealed class EchoTests : HostTest
{
    private static MadeCertificates s_strangers = null!;
    private static ServeProcess s_server = null!;

    [ClassInitialize]
    public static async Task StartServerAsync(TestContext context)
    {
        s_strangers = new MadeCertificates();
        await s_strangers.MakeAsync();
        s_server = await ServeProcess.StartAsync(Certificates);
    }

    [ClassCleanup]
    public static async Task StopServerAsync()
    {
        if (s_server is not null)
        {
            await s_server.DisposeAsync();
        }

        s_strangers?.Dispose();
    }

    [TestMethod]
    public async Task Echo_Message_ComesBack()
    {
        ScriptResult result = await EchoAsync("--message", "hello there", "--count", "3");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains("Connected to 127.0.0.1:", result.Output);
        Assert.Contains("1: 11 bytes in ", result.Output);
        Assert.Contains(": hello there", result.Output);
        Assert.Contains("3 round trips: shortest ", result.Output);
    }

    [TestMethod]
    public async Task Echo_Json_HoldsTheAnswerAndTheTimes()
    {
        ScriptResult result = await EchoAsync("--message", "hello", "--count", "5", "--json");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.AreEqual("hello", json.RootElement.GetProperty("answer").GetString());
        Assert.AreEqual("CN=localhost", json.RootElement.GetProperty("serverCertificate").GetString());
        JsonElement trips = json.RootElement.GetProperty("roundTrips");
        Assert.AreEqual(5, trips.GetProperty("count").GetInt32());
        Assert.IsGreaterThan(0, trips.GetProperty("minMicroseconds").GetDouble());
    }

    [TestMethod]
    public async Task Echo_LargerThanEveryWindow_ComesBackByteByByte()
    {
        ScriptResult result = await EchoAsync("--size", "24M");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains("25165824 bytes in", result.Output);
        Assert.Contains("the same bytes", result.Output);
    }

    [TestMethod]
    public async Task Echo_StandardInput_IsSentAsItIs()
    {
        ScriptResult result = await ScriptRun.StartAsync(
            "bash", ["-c", "printf 'caf\\303\\251' | \"$0\" \"$@\"", HostProgram.Path, .. s_server.ClientArguments("echo", s_server.EndPoint)]);

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains("1: 5 bytes in", result.Output);
        Assert.Contains(": café", result.Output);
    }

    [TestMethod]
    public async Task Echo_File_IsSentAndAMissingOneSaysSo()
    {
        ScriptResult result = await EchoAsync("--file", Certificates.PathOf("server.pem"));
        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains("BEGIN CERTIFICATE", result.Output);

        ScriptResult missing = await EchoAsync("--file", "no-such-file");
        Assert.AreEqual(ExitCodes.Failure, missing.ExitCode);
        Assert.Contains("no-such-file", missing.Error);
        Assert.DoesNotContain("   at ", missing.Error);
    }

    [TestMethod]
    public async Task Echo_UnknownRoute_NamesIt()
    {
        ScriptResult result = await EchoAsync("--message", "x", "--route", "ecko");

        Assert.AreEqual(ExitCodes.Failure, result.ExitCode, result.Everything);
        Assert.Contains("'ecko' was refused: the server has no route of that name", result.Error);
    }

    [TestMethod]
    public async Task Echo_CertificateOfAnotherAuthority_IsRefusedWithAReason()
    {
        ScriptResult result = await HostProgram.RunAsync(
            "echo", s_server.EndPoint, "--message", "x", "--ca", Certificates.PathOf("ca.pem"), "--cert", s_strangers.PathOf("client.pem"), "--key", s_strangers.PathOf("client-key.pem"));

        Assert.AreEqual(ExitCodes.Certificate, result.ExitCode, result.Everything);
        Assert.Contains("--cert and --key name a certificate that the server's --ca signed", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }

    [TestMethod]
    public async Task Echo_NoCertificateWhereOneIsRequired_IsRefusedWithAReason()
    {
        using var empty = new TemporaryDirectory();
        ScriptResult result = await ScriptRun.StartAsync(
            HostProgram.Path, ["echo", s_server.EndPoint, "--message", "x", "--ca", Certificates.PathOf("ca.pem")], workingDirectory: empty.Path);

        Assert.AreEqual(ExitCodes.Certificate, result.ExitCode, result.Everything);
    }

    [TestMethod]
    public async Task Echo_ServerOfAnotherAuthority_IsRefusedByTheClient()
    {
        ScriptResult result = await HostProgram.RunAsync(
            "echo", s_server.EndPoint, "--message", "x", "--ca", s_strangers.PathOf("ca.pem"), "--cert", Certificates.PathOf("client.pem"), "--key", Certificates.PathOf("client-key.pem"));

        Assert.AreEqual(ExitCodes.Certificate, result.ExitCode, result.Everything);
    }

    [TestMethod]
    public async Task Echo_AnotherServerName_IsRefusedByTheClient()
    {
        ScriptResult result = await EchoAsync("--message", "x", "--server-name", "elsewhere.invalid");

        Assert.AreEqual(ExitCodes.Certificate, result.ExitCode, result.Everything);
        Assert.Contains("elsewhere.invalid", result.Error);
    }

    [TestMethod]
    public async Task Echo_NobodyListens_SaysWhereToLook()
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)silent.LocalEndPoint!).Port;
        string endPoint = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

        ScriptResult result = await HostProgram.RunAsync(s_server.ClientArguments("echo", endPoint, "--message", "x", "--timeout", "500ms"));

        Assert.AreEqual(ExitCodes.Failure, result.ExitCode, result.Everything);
        Assert.Contains($"Is a server listening on UDP port {port}", result.Error);
    }

    [TestMethod]
    [DataRow("--connections 1 --streams 1", 1, 1)]
    [DataRow("--connections 2 --streams 8", 2, 8)]
    [DataRow("--connections 2 --streams 8 --new-stream", 2, 8)]
    [DataRow("--streams 4 --size 64k --inline false", 1, 4)]
    public async Task Bench_Count_MakesSoManyEchoesAndReportsThem(string arguments, int connections, int streams)
    {
        ScriptResult result = await BenchAsync([.. arguments.Split(' '), "--count", "2000", "--warmup", "100", "--json"]);

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement root = json.RootElement;
        Assert.AreEqual(2000, root.GetProperty("echoes").GetInt64());
        Assert.AreEqual(0, root.GetProperty("errorCount").GetInt64());
        Assert.AreEqual(connections, root.GetProperty("connections").GetInt32());
        Assert.AreEqual(streams, root.GetProperty("streamsPerConnection").GetInt32());
        Assert.AreEqual(connections, root.GetProperty("connect").GetProperty("count").GetInt64());
        JsonElement latency = root.GetProperty("latency");
        Assert.AreEqual(2000, latency.GetProperty("count").GetInt64());
        double[] rising = [.. ((string[])["min", "p50", "p90", "p99", "p999", "max"]).Select(name => latency.GetProperty($"{name}Microseconds").GetDouble())];
        CollectionAssert.AreEqual(rising.Order().ToArray(), rising);
        Assert.IsGreaterThan(0, rising[0]);
    }

    [TestMethod]
    public async Task Bench_Duration_EndsAndShowsAPicture()
    {
        ScriptResult result = await BenchAsync("--duration", "300ms", "--streams", "2");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains("p99.9", result.Output);
        Assert.Contains("####", result.Output);
        Assert.Contains("calls/s", result.Output);
    }

    [TestMethod]
    [DataRow("echo", "--protocol grpc --http 3", "grpc echo", "HTTP/3 on ngtcp2")]
    [DataRow("echo", "--protocol grpc --http 2 --connections 2", "grpc echo", "HTTP/2")]
    [DataRow("aql", "--writes 20", "aql", "HTTP/3 on ngtcp2")]
    public async Task Bench_Calls_MakesSoManyAndReportsThem(string service, string arguments, string expectedService, string expectedVia)
    {
        ScriptResult result = await HostProgram.RunAsync(s_server.ClientArguments(
            ["bench", service, s_server.EndPoint, .. arguments.Split(' '), "--streams", "4", "--count", "500", "--warmup", "20", "--json"]));

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.AreEqual(expectedService, json.RootElement.GetProperty("service").GetString());
        Assert.AreEqual(expectedVia, json.RootElement.GetProperty("engine").GetString());
        Assert.AreEqual(500, json.RootElement.GetProperty("latency").GetProperty("count").GetInt64());
        Assert.AreEqual(0, json.RootElement.GetProperty("errorCount").GetInt64());
    }

    [TestMethod]
    public async Task Bench_Rate_MakesTheCallsThatWereDue()
    {
        ScriptResult result = await BenchAsync("--rate", "200", "--duration", "500ms", "--streams", "4", "--warmup", "10", "--json");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.AreEqual(200, json.RootElement.GetProperty("ratePerSecond").GetInt32());
        Assert.AreEqual(100, json.RootElement.GetProperty("echoes").GetInt64(), "However slow the machine is, as many are made as were due.");
    }

    [TestMethod]
    public async Task Bench_EveryEchoRefused_CountsTheReasonAndFails()
    {
        ScriptResult result = await BenchAsync("--route", "ecko", "--count", "20", "--warmup", "0", "--json");

        Assert.AreEqual(ExitCodes.Failure, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.AreEqual(20, json.RootElement.GetProperty("errorCount").GetInt64());
        JsonProperty error = json.RootElement.GetProperty("errors").EnumerateObject().Single();
        Assert.Contains("no route of that name", error.Name);
        Assert.AreEqual(20, error.Value.GetInt64());
    }

    private static Task<ScriptResult> EchoAsync(params string[] arguments) =>
        HostProgram.RunAsync(s_server.ClientArguments(["echo", s_server.EndPoint, .. arguments]));

    private static Task<ScriptResult> BenchAsync(params string[] arguments) =>
        HostProgram.RunAsync(s_server.ClientArguments(["bench", "echo", s_server.EndPoint, .. arguments]));
}
