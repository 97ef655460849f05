using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary><c>net health</c> against a server that serves, one that drains, and nobody.</summary>
[TestClass]
public sealed class HealthTests : HostTest
{
    [TestMethod]
    public async Task Health_ServingThenDraining_SaysSo()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        await using ConnectedClient client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("x");
        string url = server.Admin.ToString();

        ScriptResult healthy = await HostProgram.RunAsync("health", url);
        Assert.AreEqual(ExitCodes.Ok, healthy.ExitCode, healthy.Everything);
        Assert.Contains("is healthy: net ", healthy.Output);
        Assert.Contains("1 streams in flight", healthy.Output);

        server.Terminate();
        await server.WaitForAsync("Stopping");
        ScriptResult draining = await HostProgram.RunAsync("health", url, "--json");
        Assert.AreEqual(ExitCodes.Failure, draining.ExitCode, draining.Everything);
        using JsonDocument json = JsonDocument.Parse(draining.Output);
        Assert.IsFalse(json.RootElement.GetProperty("isHealthy").GetBoolean());
        Assert.AreEqual(503, json.RootElement.GetProperty("httpStatus").GetInt32());
        Assert.AreEqual("draining", json.RootElement.GetProperty("server").GetProperty("status").GetString());

        ScriptResult alive = await HostProgram.RunAsync("health", url + "livez", "--quiet");
        Assert.AreEqual(ExitCodes.Ok, alive.ExitCode);
        Assert.AreEqual("", alive.Everything.Replace("exit code 0", "", StringComparison.Ordinal).Trim());
        await client.Stream.Output.CompleteAsync();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());
    }

    [TestMethod]
    public async Task Health_Nobody_FailsWithAReason()
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        ScriptResult result = await HostProgram.RunAsync("health", silent.LocalEndPoint!.ToString()!, "--wait", "300ms");

        Assert.AreEqual(ExitCodes.Failure, result.ExitCode, result.Everything);
        Assert.Contains("Is a server running there?", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }
}
