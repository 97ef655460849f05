using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>The commands that call over gRPC, as processes against a real <c>net serve</c>.</summary>
[TestClass]
public sealed class CallTests : HostTest
{
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
    [DataRow("2", "over HTTP/2")]
    [DataRow("3", "over HTTP/3 on ngtcp2")]
    [DataRow("auto", "over HTTP/3 on ngtcp2")]
    public async Task Echo_OverGrpc_ComesBack(string http, string expected)
    {
        ScriptResult result = await RunAsync("echo", s_server.EndPoint, "--protocol", "grpc", "--message", "grüße", "--count", "3", "--http", http);

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains(expected, result.Output);
        Assert.Contains("3: 5 characters in ", result.Output);
        Assert.Contains(": grüße", result.Output);
    }

    [TestMethod]
    public async Task Echo_OverGrpcByAnotherName_ChecksTheNameOfTheCertificate()
    {
        ScriptResult good = await RunAsync("echo", s_server.EndPoint, "--protocol", "grpc", "--message", "x", "--http", "3", "--server-name", "localhost");
        Assert.AreEqual(ExitCodes.Ok, good.ExitCode, good.Everything);

        foreach (string http in (string[])["2", "3"])
        {
            ScriptResult bad = await RunAsync("echo", s_server.EndPoint, "--protocol", "grpc", "--message", "x", "--http", http, "--server-name", "elsewhere.invalid");
            Assert.AreEqual(ExitCodes.Certificate, bad.ExitCode, bad.Everything);
            Assert.DoesNotContain("   at ", bad.Error);
        }
    }

    [TestMethod]
    public async Task Echo_BytesThatAreNoText_AreRefusedOverGrpc()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllBytesAsync(directory.Combine("bytes"), [0xff, 0xfe]);

        ScriptResult result = await RunAsync("echo", s_server.EndPoint, "--protocol", "grpc", "--file", directory.Combine("bytes"));

        Assert.AreEqual(ExitCodes.Usage, result.ExitCode, result.Everything);
        Assert.Contains("--protocol raw carries any bytes", result.Error);
    }

    [TestMethod]
    public async Task Echo_NobodyListens_SaysWhereToLook()
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        ScriptResult result = await RunAsync("echo", silent.LocalEndPoint!.ToString()!, "--protocol", "grpc", "--message", "x", "--http", "2");

        Assert.AreEqual(ExitCodes.Failure, result.ExitCode, result.Everything);
        Assert.Contains("Is a server listening on port", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }

    [TestMethod]
    public async Task Echo_TheClientHasNoEngine_GoesOverHttp2()
    {
        using var host = new HostCommands(static context => context with { Engines = HostCommands.NoEngine });
        string[] arguments = s_server.ClientArguments("echo", s_server.EndPoint, "--protocol", "grpc", "--message", "x");

        Assert.AreEqual(ExitCodes.Ok, await host.RunAsync(arguments).WithTimeout(), host.Error);
        Assert.Contains("over HTTP/2", host.Output);
        Assert.AreEqual(ExitCodes.EngineMissing, await host.RunAsync([.. arguments, "--http", "3"]).WithTimeout());
        Assert.Contains("apt-get install libwarp", host.Error);
    }

    [TestMethod]
    [DataRow("ecdsa-p256-sha256", "3")]
    [DataRow("ecdsa-p384-sha384", "2")]
    [DataRow("rsa-pkcs1-sha256", "3")]
    [DataRow("rsa-pss-sha256", "2")]
    public async Task Sign_File_VerifiesHereAndWithOpenssl(string algorithm, string http)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.Combine("data"), "to be signed");

        ScriptResult result = await RunAsync(
            "sign", s_server.EndPoint, "--file", directory.Combine("data"), "--algorithm", algorithm, "--http", http,
            "--signature", directory.Combine("signature"), "--public-key", directory.Combine("key.pem"));

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        Assert.Contains($"Signed 12 bytes with {algorithm}", result.Output);
        Assert.Contains("verifies with the server's public key", result.Output);
        string command = result.Output.Split('\n').Single(static line => line.StartsWith("Verify it again: ", StringComparison.Ordinal))["Verify it again: ".Length..];
        ScriptResult openssl = await ScriptRun.StartAsync("bash", ["-c", command]);
        Assert.AreEqual(0, openssl.ExitCode, openssl.Everything);
        Assert.Contains("Verified OK", openssl.Output);
    }

    [TestMethod]
    public async Task Sign_Json_HoldsSignatureAndKey()
    {
        ScriptResult result = await RunAsync("sign", s_server.EndPoint, "--message", "x", "--json");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.IsTrue(json.RootElement.GetProperty("isVerified").GetBoolean());
        Assert.IsGreaterThan(60, json.RootElement.GetProperty("signature").GetBytesFromBase64().Length);
        Assert.StartsWith("-----BEGIN PUBLIC KEY-----", json.RootElement.GetProperty("publicKey").GetString()!);
    }

    private static Task<ScriptResult> RunAsync(params string[] arguments) => HostProgram.RunAsync(s_server.ClientArguments(arguments));
}
