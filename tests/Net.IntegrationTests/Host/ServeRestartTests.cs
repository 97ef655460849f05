using System.Globalization;
using System.Text;
using Net.Hosting;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>What a server keeps over a restart.</summary>
[TestClass]
public sealed class ServeRestartTests : HostTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task Serve_KilledAndStartedWithItsResetKey_TellsClientsThatTheyAreForgotten()
    {
        using var directory = new TemporaryDirectory();
        string key = directory.Combine("reset-key");
        ServeProcess first = await ServeProcess.StartAsync(Certificates, "--engine", "ngtcp2", "--reset-key", key);
        await using var client = await ConnectedClient.StartAsync(first);
        await client.EchoAsync("before");
        string port = first.Port.ToString(CultureInfo.InvariantCulture);
        await first.KillAsync();
        await first.DisposeAsync();

        await using ServeProcess second = await ServeProcess.StartAsync(Certificates, "--engine", "ngtcp2", "--reset-key", key, "--port", port);
        try
        {
            await client.Stream.Output.WriteAsync(Encoding.UTF8.GetBytes("after"));
        }
        catch (TransportException)
        {
            // The client asks by itself after a second of silence, and may have its answer by now.
        }

        ConnectionClose close = await client.Connection.Closed.WaitAsync(Limit);
        Assert.Contains("stateless reset", close.Reason);
        Assert.AreEqual(32, new FileInfo(key).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }
    }

    [TestMethod]
    [DataRow(31, 0x180, ExitCodes.Usage, "has 31 bytes; it must have 32")]
    [DataRow(32, 0x1a4, ExitCodes.Usage, "others may read or write")]
    public async Task Serve_ResetKeyThatIsNone_IsRefusedBeforeItListens(int length, int mode, int exitCode, string message)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no such rights.");
            return;
        }

        using var directory = new TemporaryDirectory();
        string key = directory.Combine("reset-key");
        await File.WriteAllBytesAsync(key, new byte[length]);
        File.SetUnixFileMode(key, (UnixFileMode)mode);

        ScriptResult result = await ScriptRun.StartAsync(HostProgram.Path,
        [
            "serve", "--address", "127.0.0.1", "--port", "0", "--admin", "none", "--reset-key", key,
            "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"), "--ca", Certificates.PathOf("ca.pem"),
        ]).WithTimeout();

        Assert.AreEqual(exitCode, result.ExitCode, result.Everything);
        Assert.Contains("--reset-key", result.Everything);
        Assert.Contains(message, result.Everything);
    }
}
