using System.Net;
using System.Net.Sockets;
using Net.Hosting;
using Net.Hosting.CommandLine;

namespace Net.UnitTests.Host;

[TestClass]
public sealed class CommandLineTests
{
    [TestMethod]
    [DataRow("serve --port 70000", "--port is '70000'; it must be a number of 0 to 65535")]
    [DataRow("serve --address nowhere", "'nowhere' is no IP address")]
    [DataRow("serve --shutdown-timeout soon", "'soon' is no length of time")]
    [DataRow("serve --max-connections 0", "--max-connections is '0'; it must be a number of 1 to 1000000")]
    [DataRow("serve --admin 9090", "--admin is '9090'; write an address and a port")]
    [DataRow("serve --admin 127.0.0.1", "--admin is '127.0.0.1'; write an address and a port")]
    [DataRow("serve --engine warp", "warp")]
    [DataRow("serve --surplus", "--surplus")]
    [DataRow("echo localhost:1 --http 4", "--http is '4'")]
    [DataRow("sign localhost:1 --message a --file b", "give one of them")]
    [DataRow("sign localhost:1 --algorithm md5", "md5")]
    [DataRow("aql localhost:1 x --file b", "give one of them")]
    [DataRow("health ftp://localhost", "'ftp://localhost' is no URL")]
    [DataRow("echo http://localhost", "only https is served")]
    [DataRow("echo localhost:1 --message a --size 5", "give one of them")]
    [DataRow("bench echo localhost:1 --size 3x", "--size is '3x'")]
    [DataRow("bench echo localhost:1 --size 17M", "1 byte to 16M")]
    [DataRow("bench echo localhost:1 --rate 0", "--rate is '0'")]
    [DataRow("bench aql localhost:1 --writes 101", "--writes is '101'")]
    [DataRow("bench echo localhost:1 --count 5 --duration 1s", "give one of them")]
    public async Task RunAsync_WrongUsage_SaysWhatAndEndsWithTwo(string arguments, string expected)
    {
        var host = new HostFixture();

        int code = await host.RunAsync(arguments.Split(' '));

        Assert.AreEqual(ExitCodes.Usage, code, host.Error);
        Assert.Contains(expected, host.Error);
        Assert.Contains("--help'", host.Error);
    }

    [TestMethod]
    public async Task RunAsync_WrongUsageFromTheEnvironment_NamesTheVariable()
    {
        var host = new HostFixture { Environment = { ["NET_PORT"] = "70000" } };

        Assert.AreEqual(ExitCodes.Usage, await host.RunAsync("serve"));

        Assert.Contains("NET_PORT=70000", host.Error);
    }

    [TestMethod]
    public async Task RunAsync_EnvironmentAndCommandLine_TheCommandLineGoesFirst()
    {
        var host = new HostFixture { Environment = { ["NET_CERT"] = "from-environment.pem" } };
        Assert.AreEqual(ExitCodes.Certificate, await host.RunAsync("serve"));
        Assert.Contains("'from-environment.pem' does not exist", host.Error);

        var other = new HostFixture { Environment = { ["NET_CERT"] = "from-environment.pem" } };
        Assert.AreEqual(ExitCodes.Certificate, await other.RunAsync("serve", "--cert", "from-command-line.pem"));
        Assert.Contains("'from-command-line.pem' does not exist", other.Error);
    }

    [TestMethod]
    public async Task RunAsync_CertificatesMissing_SaysHowToMakeThem()
    {
        var host = new HostFixture();

        int code = await host.RunAsync("serve", "--cert", "none.pem");

        Assert.AreEqual(ExitCodes.Certificate, code);
        Assert.Contains("make certs", host.Error);
    }

    [TestMethod]
    [DataRow("--help", "net serve --port 8443")]
    [DataRow("serve --help", "SIGTERM")]
    [DataRow("echo --help", "date | net echo")]
    [DataRow("bench echo --help", "--new-stream --count 50000")]
    [DataRow("bench --help", "net bench echo")]
    [DataRow("bench aql --help", "net bench aql localhost:8443")]
    [DataRow("sign --help", "net sign localhost:8443 --message hello")]
    [DataRow("aql --help", "net aql localhost:8443 'get users/42' --json")]
    [DataRow("top --help", "net top --endpoint localhost:8443 --rate 50")]
    [DataRow("health --help", "net health --quiet && echo ready")]
    [DataRow("version --help", "Exit codes")]
    public async Task RunAsync_Help_TeachesByExample(string arguments, string expected)
    {
        var host = new HostFixture();

        Assert.AreEqual(ExitCodes.Ok, await host.RunAsync(arguments.Split(' ')));

        Assert.Contains(expected, host.Output);
        Assert.AreEqual("", host.Error);
    }

    [TestMethod]
    public async Task RunAsync_Version_ShowsEveryEngineWithItsReason()
    {
        var host = new HostFixture { Engines = { HostFixture.Missing("first", "install libfirst"), HostFixture.Running("second") } };
        Assert.AreEqual(ExitCodes.Ok, await host.RunAsync("version"));
        Assert.Contains("install libfirst", host.Output);
        Assert.Contains("Protocols: h3, h2, http/1.1, net/1", host.Output);

        var none = new HostFixture { Engines = { HostFixture.Missing("first", "install libfirst") } };
        Assert.AreEqual(ExitCodes.EngineMissing, await none.RunAsync("version", "--json"));
        using var json = System.Text.Json.JsonDocument.Parse(none.Output);
        Assert.AreEqual("install libfirst", json.RootElement.GetProperty("engines")[0].GetProperty("reason").GetString());
        Assert.AreEqual("h3 h2 http/1.1 net/1", string.Join(' ', json.RootElement.GetProperty("protocols").EnumerateArray().Select(static protocol => protocol.GetString())));
    }

    [TestMethod]
    [DataRow("500ms", 500)]
    [DataRow("30s", 30_000)]
    [DataRow("30", 30_000)]
    [DataRow("1.5m", 90_000)]
    [DataRow("2h", 7_200_000)]
    public void DurationText_AsPeopleWriteIt_IsRead(string text, int milliseconds)
    {
        Assert.IsTrue(DurationText.TryParse(text, out TimeSpan duration));
        Assert.AreEqual(milliseconds, duration.TotalMilliseconds);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("s")]
    [DataRow("-1s")]
    [DataRow("1d")]
    [DataRow("1e9h")]
    [DataRow("99999999h")]
    public void DurationText_Nonsense_IsRefused(string text) => Assert.IsFalse(DurationText.TryParse(text, out _));

    [TestMethod]
    [DataRow("64", 64)]
    [DataRow("16k", 16384)]
    [DataRow("2M", 2097152)]
    public void SizeText_AsPeopleWriteIt_IsRead(string text, int bytes)
    {
        Assert.IsTrue(SizeText.TryParse(text, out int size));
        Assert.AreEqual(bytes, size);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("k")]
    [DataRow("-1")]
    [DataRow("1.5k")]
    [DataRow("99999M")]
    public void SizeText_Nonsense_IsRefused(string text) => Assert.IsFalse(SizeText.TryParse(text, out _));

    [TestMethod]
    [DataRow(SocketError.AccessDenied, 443, "setcap cap_net_bind_service=+ep")]
    [DataRow(SocketError.AddressAlreadyInUse, 8443, "ss -tlpn 'sport = :8443'")]
    public void CannotBind_TcpPort_SaysWhatToDo(SocketError error, int port, string expected)
    {
        HostException exception = HostErrors.CannotBind(new SocketException((int)error), "TCP", new IPEndPoint(IPAddress.IPv6Any, port));

        Assert.AreEqual(ExitCodes.CannotBind, exception.ExitCode);
        Assert.Contains($"Cannot listen on TCP [::]:{port}", exception.Message);
        Assert.Contains(expected, exception.Message);
    }

    [TestMethod]
    [DataRow(13, 443, "setcap cap_net_bind_service=+ep")]
    [DataRow(13, 443, "sysctl net.ipv4.ip_unprivileged_port_start=443")]
    [DataRow(13, 443, "--port 8443")]
    [DataRow(98, 8443, "ss -ulpn 'sport = :8443'")]
    [DataRow(99, 8443, "--address ::")]
    [DataRow(97, 8443, "--address 0.0.0.0")]
    [DataRow(0, 8443, "--port")]
    public void CannotBind_EachReason_SaysWhatToDo(int error, int port, string expected)
    {
        var failure = new TransportException(TransportError.ListenFailed, "refused") { NativeError = error };

        HostException exception = HostErrors.CannotBind(failure, "UDP", new IPEndPoint(IPAddress.IPv6Any, port));

        Assert.AreEqual(ExitCodes.CannotBind, exception.ExitCode);
        Assert.Contains(expected, exception.Message);
    }
}
