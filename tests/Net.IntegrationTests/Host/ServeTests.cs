using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Net.Client;
using Net.Hosting;
using Net.Hosting.Engines;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>The real server process: start, drain, end, and what it says when it cannot start.</summary>
[TestClass]
public sealed class ServeTests : HostTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task Serve_Start_SaysWhatIsServedAndShowsTheFirstRoundTrip()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates, "--self-test");
        await server.WaitForAsync("First round trip:");

        string output = server.Output;
        Assert.Contains($"listens on UDP {server.EndPoint} and TCP {server.EndPoint}", output);
        Assert.Contains("UDP          h3, net/1", output);
        Assert.Contains("TCP          h2, http/1.1, net/1", output);
        Assert.Contains($"health       {server.Admin}health", output);
        Assert.Contains("names localhost, 127.0.0.1, ::1", output);
        Assert.Contains("89 days left", output);
        Assert.Contains("must show a certificate of", output);
        Assert.Contains($"echo {server.EndPoint} --message hello", output);
        Assert.Contains("as CN=client", output);
        Assert.Contains("First call: echo.EchoService/Echo over HTTP/3 on ngtcp2: ", output);
    }

    [TestMethod]
    [DataRow(" echo ", ": hello")]
    [DataRow(" sign ", "verifies with the server's public key")]
    [DataRow(" aql ", "Ada")]
    [DataRow("curl ", "\"status\": \"serving\"")]
    public async Task Serve_TheCommandItSuggests_Works(string command, string expected)
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        string suggestion = server.Output.Split('\n').Single(line => line.StartsWith("  ", StringComparison.Ordinal) && line.Contains(command, StringComparison.Ordinal) && line.Contains("--", StringComparison.Ordinal)).Trim();

        ScriptResult result = await ScriptRun.StartAsync("bash", ["-c", suggestion], workingDirectory: Environment.CurrentDirectory);

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains(expected, result.Output);
    }

    [TestMethod]
    [DataRow(15, DisplayName = "SIGTERM")]
    [DataRow(2, DisplayName = "Ctrl-C")]
    public async Task Serve_Terminated_LetsARunningStreamEndAndEndsWithZero(int signal)
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        await using var client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("before");

        server.Signal(signal);
        await server.WaitForAsync("Stopping");
        await client.EchoAsync("after the signal");
        await client.Stream.Output.CompleteAsync();
        ReadResult end = await client.Stream.Input.ReadAsync().AsTask().WaitAsync(Limit);

        Assert.IsTrue(end.IsCompleted);
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());
        Assert.Contains("every stream ended by itself", server.Output);
        Assert.AreEqual(RawStreamErrorCodes.GoingAway, (await client.Connection.Closed.WaitAsync(Limit)).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Serve_TerminatedTwice_CutsRunningStreamsAtOnce()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates, "--shutdown-timeout", "10m");
        await using var client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("before");

        server.Terminate();
        await server.WaitForAsync("Stopping");
        server.Terminate();

        Assert.AreEqual(ExitCodes.Failure, await server.WaitForExitAsync());
        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () => await client.Stream.Input.ReadAsync().AsTask().WaitAsync(Limit));
        Assert.AreEqual(RawStreamErrorCodes.ShuttingDown, exception.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Serve_ShutdownTimeOver_CutsRunningStreams()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates, "--shutdown-timeout", "200ms");
        await using var client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("before");

        server.Terminate();

        Assert.AreEqual(ExitCodes.Failure, await server.WaitForExitAsync());
        Assert.Contains("did not end in time", server.Output);
    }

    [TestMethod]
    public async Task Serve_TerminatedWithAnIdleConnection_EndsWithoutWaiting()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates, "--shutdown-timeout", "10m");
        await using var client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("before");
        await client.Stream.Output.CompleteAsync();
        await client.Stream.Input.ReadAsync().AsTask().WaitAsync(Limit);

        server.Terminate();

        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());
    }

    [TestMethod]
    public async Task Serve_PortInUse_SaysWhatToDoAndEndsWithThree()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;

        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--admin", "none", "--address", "127.0.0.1", "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"), "--ca", Certificates.PathOf("ca.pem"));

        Assert.AreEqual(ExitCodes.CannotBind, result.ExitCode, result.Everything);
        Assert.Contains($"ss -ulpn 'sport = :{port}'", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }

    [TestMethod]
    public async Task Serve_TcpPortInUse_SaysWhatToDoAndEndsWithThree()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;

        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--admin", "none", "--address", "127.0.0.1", "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"), "--ca", Certificates.PathOf("ca.pem"));

        Assert.AreEqual(ExitCodes.CannotBind, result.ExitCode, result.Everything);
        Assert.Contains($"ss -tlpn 'sport = :{port}'", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }

    [TestMethod]
    public async Task Serve_AdminPortInUse_SaysWhatToDoAndEndsWithThree()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();

        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--admin", taken.LocalEndPoint!.ToString()!, "--address", "127.0.0.1", "--port", "0",
            "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"), "--ca", Certificates.PathOf("ca.pem"));

        Assert.AreEqual(ExitCodes.CannotBind, result.ExitCode, result.Everything);
        Assert.Contains("for health and metrics", result.Error);
        Assert.Contains("--admin none", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }

    [TestMethod]
    public async Task Serve_AddressOfAnotherMachine_SaysWhatToDoAndEndsWithThree()
    {
        // 192.0.2.0/24 is kept for documentation (RFC 5737): no machine has it.
        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--admin", "none", "--address", "192.0.2.1", "--port", "0",
            "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"), "--ca", Certificates.PathOf("ca.pem"));

        Assert.AreEqual(ExitCodes.CannotBind, result.ExitCode, result.Everything);
        Assert.Contains("No network interface of this machine has the address 192.0.2.1", result.Error);
    }

    [TestMethod]
    public async Task Serve_KeyOfAnotherCertificate_SaysSoAndEndsWithFive()
    {
        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--admin", "none", "--port", "0", "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("client-key.pem"), "--ca", Certificates.PathOf("ca.pem"));

        Assert.AreEqual(ExitCodes.Certificate, result.ExitCode, result.Everything);
        Assert.Contains("does not belong to the first certificate", result.Error);
    }

    [TestMethod]
    public async Task Serve_ExpiredCertificate_IsRefusedBeforeItListens()
    {
        using var certificates = new MadeCertificates();
        await certificates.MakeAsync();
        certificates.ReplaceServerCertificate(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(-1));

        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--admin", "none", "--port", "0", "--cert", certificates.PathOf("server.pem"), "--key", certificates.PathOf("server-key.pem"), "--ca", certificates.PathOf("ca.pem"));

        Assert.AreEqual(ExitCodes.Certificate, result.ExitCode, result.Everything);
        Assert.Contains("was valid until", result.Error);
    }
}
