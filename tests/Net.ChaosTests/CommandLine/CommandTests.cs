using System.Globalization;
using Net.Chaos.CommandLine;
using Net.ChaosTests.EndToEnd;
using Net.Testing;

namespace Net.ChaosTests.CommandLine;

/// <summary>The commands, against a proxy command that runs beside them.</summary>
[TestClass]
public sealed class CommandTests
{
    [TestMethod]
    public async Task Commands_AgainstARunningProxy_DoWhatTheySay()
    {
        await using var echo = new TcpEcho();
        string config = Path.GetTempFileName();
        await File.WriteAllTextAsync(config, $$"""[{"name":"web","upstream":"{{echo.EndPoint}}","toxics":[{"type":"latency","attributes":{"latency":1} } ] } ]""");
        using var stop = new CancellationTokenSource();
        using var lines = new LineWaiter();
        Task<int> running = ChaosCommandLine.RunAsync(["proxy", "--config", config, "--seed", "77", "--listen", "127.0.0.1:0"], Context(lines, lines), stop.Token);
        string first = await lines.FirstLine.WithTimeout();
        Assert.EndsWith("seed 77", first);
        string host = first.Split("http://")[1].Split(',')[0];

        Assert.StartsWith("web  tcp 127.0.0.1:", await RunAsync(0, "list", "--host", host));
        Assert.Contains("""latency_downstream: latency downstream toxicity=1 {"latency":1,"jitter":0}""", await RunAsync(0, "inspect", "web", "--host", host));
        Assert.Contains("udp 127.0.0.1:", await RunAsync(0, "create", "quic", "--udp", "-u", "127.0.0.1:9", "--host", host));
        Assert.Contains("""{"probability":0.25""", await RunAsync(0, "toxic", "add", "quic", "-t", "loss", "-n", "l", "-a", "probability=0.25", "--host", host));
        Assert.Contains("""{"probability":0.5""", await RunAsync(0, "toxic", "update", "quic", "-n", "l", "-a", "probability=0.5", "--host", host));
        Assert.Contains("toxicity=0.5 {\"connection\":-1,\"every\":0,\"sni\":\"\",\"cid\":\"0102\"", await RunAsync(0, "toxic", "add", "quic", "-t", "quic_cut", "-u", "--toxicity", "0.5", "-a", "cid=0102", "--host", host));
        Assert.AreEqual("l is gone", await RunAsync(0, "toxic", "remove", "quic", "-n", "l", "--host", host));
        Assert.Contains("net-chaos: toxic not found", await RunAsync(1, "toxic", "remove", "quic", "-n", "l", "--host", host));
        Assert.AreEqual("0 sessions moved", await RunAsync(0, "rebind", "quic", "--host", host));
        Assert.Contains("down", await RunAsync(0, "toggle", "web", "--host", host));
        Assert.AreEqual("web is gone", await RunAsync(0, "delete", "web", "--host", host));
        Assert.Contains("udp quic_cut: Cuts", await RunAsync(0, "toxics"));
        Assert.Contains("is not name=value", await RunAsync(1, "toxic", "add", "quic", "-t", "loss", "-a", "nonsense", "--host", host));

        await stop.CancelAsync();
        Assert.AreEqual(0, await running.WithTimeout());
        Assert.Contains("Is 'net-chaos proxy' running there?", await RunAsync(1, "list", "--host", host));
        File.Delete(config);
    }

    [TestMethod]
    public async Task Proxy_WithAFileThatMakesNoSense_NamesItAndTheFault()
    {
        string config = Path.GetTempFileName();
        await File.WriteAllTextAsync(config, """[{"name":"web","upstream":"127.0.0.1:1","toxics":[{"type":"latenzy"}]}]""");

        string message = await RunAsync(1, "proxy", "--config", config, "--listen", "127.0.0.1:0");

        Assert.Contains(config, message);
        Assert.Contains("invalid toxic type", message);
        File.Delete(config);
    }

    [TestMethod]
    public async Task CommandLine_ThatMakesNoSense_IsAUsageError() => Assert.Contains("Try 'net-chaos --help'", await RunAsync(2, "proxi"));

    private static CommandContext Context(TextWriter output, TextWriter error) => new(output, error, TimeProvider.System, static () => 1);

    private static async Task<string> RunAsync(int exitCode, params string[] arguments)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        int code = await ChaosCommandLine.RunAsync(arguments, Context(output, output)).WithTimeout();
        Assert.AreEqual(exitCode, code, output.ToString());
        return output.ToString().TrimEnd();
    }

    /// <summary>Tells when the first line has been written.</summary>
    private sealed class LineWaiter : StringWriter
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal LineWaiter()
            : base(CultureInfo.InvariantCulture)
        {
        }

        internal Task<string> FirstLine => _first.Task;

        public override Task WriteLineAsync(string? value)
        {
            _first.TrySetResult(value ?? "");
            return base.WriteLineAsync(value);
        }
    }
}
