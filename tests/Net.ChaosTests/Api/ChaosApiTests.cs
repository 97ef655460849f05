using System.Text;
using Net.Chaos.Api;
using Net.Chaos.Proxy;
using Net.Testing;

namespace Net.ChaosTests.Api;

/// <summary>The API's answers, byte for byte where toxiproxy's clients look at them. Proxies are made disabled where no socket matters.</summary>
[TestClass]
public sealed class ChaosApiTests : IAsyncDisposable
{
    private readonly ChaosProxySet _proxies = new(new ChaosEnvironment { TimeProvider = new ManualTimeProvider() });

    public async ValueTask DisposeAsync() => await _proxies.DisposeAsync();

    [TestMethod]
    public async Task Proxies_CreateShowListDelete_AnswerAsToxiproxy()
    {
        const string created = """{"name":"db","listen":"127.0.0.1:1","upstream":"127.0.0.1:2","enabled":false,"toxics":[]}""";

        await ExpectAsync(201, created, "POST", "/proxies", """{"name":"db","listen":"127.0.0.1:1","upstream":"127.0.0.1:2","enabled":false}""");
        await ExpectAsync(200, created, "GET", "/proxies/db");
        await ExpectAsync(200, $$"""{"db":{{created}}}""", "GET", "/proxies");
        await ExpectAsync(409, """{"error":"proxy already exists","status":409}""" + "\n", "POST", "/proxies", """{"name":"db","upstream":"127.0.0.1:2"}""");
        await ExpectAsync(204, "", "DELETE", "/proxies/db");
        await ExpectAsync(404, """{"error":"proxy not found","status":404}""" + "\n", "GET", "/proxies/db");
        await ExpectAsync(200, "{}", "GET", "/proxies");
    }

    [TestMethod]
    public async Task Proxies_WithMissingOrWrongFields_AreRefusedByName()
    {
        await ExpectAsync(400, """{"error":"missing required field: name","status":400}""" + "\n", "POST", "/proxies", """{"upstream":"a:1"}""");
        await ExpectAsync(400, """{"error":"missing required field: upstream","status":400}""" + "\n", "POST", "/proxies", """{"name":"a"}""");
        Assert.Contains("bad request body: ", await SendAsync(400, "POST", "/proxies", "{nonsense"));
        Assert.Contains("bad request body: EOF", await SendAsync(400, "POST", "/proxies", ""));
        Assert.Contains("Upstream is 'nowhere'", await SendAsync(400, "POST", "/proxies", """{"name":"a","upstream":"nowhere"}"""));
        Assert.Contains("protocol is 'sctp'", await SendAsync(400, "POST", "/proxies", """{"name":"a","upstream":"a:1","protocol":"sctp"}"""));
        Assert.Contains("take the control characters out", await SendAsync(400, "POST", "/proxies", """{"name":"a\r\nforged","upstream":"a:1"}"""));
        await ExpectAsync(200, "{}", "GET", "/proxies");
    }

    [TestMethod]
    public async Task Toxics_CreateUpdateDelete_AnswerAsToxiproxy()
    {
        await AddAsync();
        await ExpectAsync(
            200, """{"attributes":{"latency":100,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}""",
            "POST", "/proxies/db/toxics", """{"type":"latency","attributes":{"latency":100,"unknown":1}}""");
        await ExpectAsync(
            200, """{"attributes":{"latency":100,"jitter":7},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":0.5}""",
            "POST", "/proxies/db/toxics/latency_downstream", """{"toxicity":0.5,"attributes":{"jitter":7},"stream":"upstream","name":"other"}""");
        await ExpectAsync(
            200, """{"attributes":{"rate":5},"name":"slow","type":"bandwidth","stream":"upstream","toxicity":1}""",
            "POST", "/proxies/db/toxics", """{"name":"slow","type":"bandwidth","stream":"upstream","attributes":{"rate":5}}""");

        string listed = await SendAsync(200, "GET", "/proxies/db/toxics");
        Assert.IsLessThan(listed.IndexOf("latency_downstream", StringComparison.Ordinal), listed.IndexOf("slow", StringComparison.Ordinal), "Upstream comes first.");
        await ExpectAsync(204, "", "DELETE", "/proxies/db/toxics/slow");
        await ExpectAsync(404, """{"error":"toxic not found","status":404}""" + "\n", "GET", "/proxies/db/toxics/slow");
    }

    [TestMethod]
    public async Task Toxics_WithErrors_AnswerWithToxiproxysWords()
    {
        await AddAsync();
        await ExpectAsync(400, """{"error":"invalid toxic type","status":400}""" + "\n", "POST", "/proxies/db/toxics", """{"type":"nonsense"}""");
        Assert.Contains("holds control characters", await SendAsync(400, "POST", "/proxies/db/toxics", """{"type":"latency","name":"a\r\nforged"}"""));
        await ExpectAsync(
            400, """{"error":"stream was invalid, can be either upstream or downstream","status":400}""" + "\n", "POST", "/proxies/db/toxics", """{"type":"latency","stream":"sideways"}""");
        await SendAsync(200, "POST", "/proxies/db/toxics", """{"type":"latency"}""");
        await ExpectAsync(409, """{"error":"toxic already exists","status":409}""" + "\n", "POST", "/proxies/db/toxics", """{"type":"latency"}""");
        Assert.Contains("latency must be a whole number", await SendAsync(400, "POST", "/proxies/db/toxics", """{"name":"b","type":"latency","attributes":{"latency":1.5}}"""));
        Assert.Contains("toxicity must be 0 to 1", await SendAsync(400, "POST", "/proxies/db/toxics", """{"name":"b","type":"latency","toxicity":2}"""));
        await ExpectAsync(404, """{"error":"proxy not found","status":404}""" + "\n", "POST", "/proxies/none/toxics", """{"type":"latency"}""");
    }

    [TestMethod]
    public async Task Toxics_OfUdp_AreOthersAndTheMessageNamesThem()
    {
        await SendAsync(201, "POST", "/proxies", """{"name":"quic","upstream":"127.0.0.1:2","protocol":"udp","enabled":false}""");

        Assert.Contains("'slicer' is none of udp; there are loss, latency", await SendAsync(400, "POST", "/proxies/quic/toxics", """{"type":"slicer"}"""));
        Assert.Contains("\"probability\":0.05", await SendAsync(200, "POST", "/proxies/quic/toxics", """{"type":"loss","attributes":{"probability":0.05}}"""));
        Assert.Contains("\"start\":10", await SendAsync(200, "POST", "/proxies/quic/toxics", """{"type":"mtu","attributes":{"start":10}}"""));
        Assert.Contains("\"protocol\":\"udp\"", await SendAsync(200, "GET", "/proxies/quic"));
    }

    [TestMethod]
    public async Task Populate_AddsReplacesAndKeeps()
    {
        string answer = await SendAsync(201, "POST", "/populate", """[{"name":"a","listen":"127.0.0.1:1","upstream":"h:1","enabled":false},{"name":"b","upstream":"h:2","enabled":false}]""");
        Assert.StartsWith("""{"proxies":[{"name":"a",""", answer);
        ChaosProxy kept = _proxies.Find("a");
        ChaosProxy replaced = _proxies.Find("b");

        await SendAsync(201, "POST", "/populate", """[{"name":"a","listen":"127.0.0.1:1","upstream":"h:1","enabled":false},{"name":"b","upstream":"h:3","enabled":false}]""");

        Assert.AreSame(kept, _proxies.Find("a"));
        await SendAsync(201, "POST", "/populate", """[{"name":"a","listen":"localhost:1","upstream":"h:1","enabled":false}]""");
        Assert.AreSame(kept, _proxies.Find("a"), "localhost is where it is already.");
        Assert.AreNotSame(replaced, _proxies.Find("b"));
        await ExpectAsync(201, """{"proxies":null}""", "POST", "/populate", "[]");
        await ExpectAsync(400, """{"error":"missing required field: upstream at proxy 1","status":400,"proxies":null}""", "POST", "/populate", """[{"name":"c"}]""", "application/json");
    }

    [TestMethod]
    public async Task Others_VersionMetricsMethodsAndBrowsers_AnswerAsToxiproxy()
    {
        await AddAsync();
        ApiAnswer version = await AnswerAsync("GET", "/version");
        Assert.AreEqual("{\"version\": \"2.12.0+net-chaos\"}\n", Encoding.UTF8.GetString(version.Body));
        Assert.AreEqual("application/json;charset=utf-8", version.ContentType);
        await ExpectAsync(405, "", "PUT", "/proxies");
        await ExpectAsync(405, "", "GET", "/reset");
        Assert.AreEqual(404, (await AnswerAsync("GET", "/nothing")).Status);
        Assert.AreEqual(404, (await AnswerAsync("GET", "/proxies/")).Status);
        Assert.AreEqual(403, (await AnswerAsync("GET", "/proxies", agent: "Mozilla/5.0 (X11)")).Status);
        Assert.AreEqual(404, (await new ChaosApi(_proxies, hasMetrics: false).AnswerAsync("GET", "/metrics", "", default, default)).Status);
        Assert.Contains("""toxiproxy_proxy_received_bytes_total{direction="upstream",listener="127.0.0.1:1",proxy="db",upstream="127.0.0.1:2"} 0""", await SendAsync(200, "GET", "/metrics"));
        Assert.Contains("\"type\":\"quic_cut\"", await SendAsync(200, "GET", "/toxic-types"));
    }

    private Task<string> AddAsync() => SendAsync(201, "POST", "/proxies", """{"name":"db","listen":"127.0.0.1:1","upstream":"127.0.0.1:2","enabled":false}""");

    private Task<ApiAnswer> AnswerAsync(string method, string path, string body = "", string agent = "test") =>
        new ChaosApi(_proxies, hasMetrics: true).AnswerAsync(method, path, agent, Encoding.UTF8.GetBytes(body), default);

    private async Task<string> SendAsync(int status, string method, string path, string body = "")
    {
        ApiAnswer answer = await AnswerAsync(method, path, body).WithTimeout();
        string text = Encoding.UTF8.GetString(answer.Body);
        Assert.AreEqual(status, answer.Status, text);
        return text;
    }

    private async Task ExpectAsync(int status, string expected, string method, string path, string body = "", string? contentType = null)
    {
        ApiAnswer answer = await AnswerAsync(method, path, body).WithTimeout();
        Assert.AreEqual(expected, Encoding.UTF8.GetString(answer.Body));
        Assert.AreEqual(status, answer.Status);
        string? usual = status is 204 or 405 ? null : status >= 400 ? "text/plain; charset=utf-8" : "application/json";
        Assert.AreEqual(contentType ?? usual, answer.ContentType);
    }
}
