using System.Runtime.CompilerServices;
using System.Text.Json;
using Net.Chaos.Api;
using Net.Chaos.Proxy;
using Net.ChaosTests.EndToEnd;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.ChaosTests.Api;

/// <summary>npm's toxiproxy-node-client, unchanged, against the API on a real port.</summary>
[TestClass]
public sealed class ToxiproxyClientTests
{
    [TestMethod]
    public async Task NodeClient_UsedAsEver_FindsToxiproxysAnswersAndFaults()
    {
        string directory = RequireClient();
        await using var echo = new TcpEcho();
        await using var proxies = new ChaosProxySet();
        await using ChaosApiServer server = await ChaosApiServer.StartAsync(proxies, "127.0.0.1:0");
        await using PeerProcess peer = PeerProcess.Start("node", ["client.js", $"http://{server.EndPoint}", echo.EndPoint.ToString()], directory);

        Assert.AreEqual(0, await peer.WaitForExitAsync(), peer.Everything);
        var steps = new Dictionary<string, JsonElement>();
        foreach (string line in peer.Everything.Split('\n').Where(static l => l.StartsWith("{\"step\"", StringComparison.Ordinal)))
        {
            JsonElement step = JsonDocument.Parse(line).RootElement;
            steps[step.GetProperty("step").GetString()!] = step.GetProperty("value");
        }

        Assert.Contains("2.12.0", steps["version"].GetString()!);
        Assert.DoesNotEndWith(":0", Text(steps["created"], "listen"));
        Assert.IsTrue(steps["created"].GetProperty("enabled").GetBoolean());
        Assert.AreEqual("Request failed with status code 409", steps["duplicate"].GetString());
        Assert.AreEqual("hello complete", Outcome(steps["plain"]));
        Assert.AreEqual("""{"attributes":{"latency":300,"jitter":0},"name":"slow","stream":"downstream","toxicity":1,"type":"latency"}""", steps["toxic"].GetRawText());
        Assert.AreEqual("hello complete", Outcome(steps["slow"]));

        // The script's clock and the proxy's are different ones; a quarter of a second is no accident.
        Assert.IsGreaterThan(250, steps["slow"].GetProperty("milliseconds").GetInt32());
        Assert.AreEqual(1, steps["updated"].GetProperty("attributes").GetProperty("latency").GetInt32());
        Assert.AreEqual(steps["updated"].GetRawText(), steps["found"].GetRawText());
        Assert.AreEqual("Request failed with status code 404", steps["removed"].GetString());
        Assert.AreEqual("hel end", Outcome(steps["limited"]));
        Assert.AreEqual(" ECONNRESET", Outcome(steps["reset"]));
        Assert.AreEqual("Request failed with status code 400", steps["wrong"].GetString());
        Assert.IsFalse(steps["disabled"].GetProperty("enabled").GetBoolean());
        Assert.AreEqual(" ECONNREFUSED", Outcome(steps["down"]));
        Assert.AreEqual("hello complete", Outcome(steps["after reset"]));
        Assert.AreEqual("""["a","b"]""", steps["populated"].GetRawText());
        Assert.AreEqual("""["a","b","node"]""", steps["all"].GetRawText());
        Assert.AreEqual("Request failed with status code 404", steps["gone"].GetString());
    }

    private static string Outcome(JsonElement echo) => $"{Text(echo, "received")} {Text(echo, "end")}";

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static string RequireClient([CallerFilePath] string file = "")
    {
        SetupRequirement.Program("node");
        string directory = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../peers/toxiproxy"));
        if (!Directory.Exists(Path.Combine(directory, "node_modules", "toxiproxy-node-client")))
        {
            SetupRequirement.Missing("The npm package toxiproxy-node-client is not in tests/peers/toxiproxy/node_modules. Run src/setup/peers.sh.");
        }

        return directory;
    }
}
