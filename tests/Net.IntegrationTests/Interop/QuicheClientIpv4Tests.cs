using System.Net;
using System.Text.Json;
using Net.Testing;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="QuicheClientTests"/> over IPv4, and what has nothing to do with addresses: aborts, ends, certificates, keys.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class QuicheClientIpv4Tests : QuicheClientTests
{
    private protected override IPAddress Loopback => IPAddress.Loopback;

    [TestMethod]
    [DataRow("reset", true)]
    [DataRow("stopReading", false)]
    public async Task Abort_ByTheClient_ReachesTheApplicationWithItsCode(string scenario, bool isReset)
    {
        StreamApplication? application = null;
        await using InteropListener listener = await ListenAsync(connection => (application = new StreamApplication(connection)).ServeAsync());
        await using QuichePeer client = Client(listener, scenario, new() { ["code"] = 0x1234567 });

        JsonElement result = await client.FinishAsync();

        // The application answers an abort of one direction with one of the other.
        Assert.AreEqual(0x1234567, result.GetProperty("code").GetInt64());
        Assert.IsTrue(application!.Aborts.TryRead(out StreamAbort? abort));
        Assert.AreEqual(new StreamAbort(isReset, 0x1234567), abort);
    }

    [TestMethod]
    [DataRow("receiveReset")]
    [DataRow("receiveStop")]
    public async Task Abort_ByOurApplication_ReachesTheClientWithItsCode(string scenario)
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, scenario, new() { ["code"] = 0x7654321 });

        JsonElement result = await client.FinishAsync();

        Assert.AreEqual(0x7654321, result.GetProperty("code").GetInt64());
    }

    [TestMethod]
    public async Task Close_ByTheClient_CarriesCodeAndReason()
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "close", new() { ["code"] = 4711, ["reason"] = "the work is done" });

        TransportConnection connection = await listener.NextAsync();
        ConnectionClose close = await connection.Closed.WithTimeout();

        Assert.AreEqual(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 4711, null, "the work is done"), close);
    }

    [TestMethod]
    public async Task Close_ByOurApplication_CarriesCodeAndReason()
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "receiveClose", new() { ["code"] = 4712, ["reason"] = "no more today" });

        JsonElement result = await client.FinishAsync();

        AssertEnd(result, "peer", isApplication: true, 4712, "no more today");
    }

    [TestMethod]
    [DataRow(null, 0x174, DisplayName = "none: certificate_required (116)")]
    [DataRow("stranger/client", 0x130, DisplayName = "another authority's: unknown_ca (48)")]
    [DataRow("expired", 0x12d, DisplayName = "expired: certificate_expired (45)")]
    [DataRow("wrong-usage", 0x12b, DisplayName = "for servers only: unsupported_certificate (43)")]
    public async Task ClientCertificate_Bad_IsRefusedWithItsAlert(string? identity, int code)
    {
        using HandshakeFailures failures = new();
        int accepted = 0;
        await using InteropListener listener = await ListenAsync(connection =>
        {
            accepted++;
            return new StreamApplication(connection).ServeAsync();
        });
        await using QuichePeer client = Client(listener, "refused", identity: identity);

        JsonElement result = await client.FinishAsync();

        Assert.AreEqual("peer", result.GetProperty("by").GetString(), client.Everything);
        Assert.IsFalse(result.GetProperty("app").GetBoolean());
        Assert.AreEqual(code, result.GetProperty("code").GetInt64(), client.Everything);
        Assert.AreEqual(nameof(TransportError.CertificateRejected), await failures.NextAsync());
        Assert.AreEqual(0, accepted);
    }

    [TestMethod]
    public async Task ServerCertificate_RefusedByTheClient_EndsAsCertificateRejected()
    {
        using HandshakeFailures failures = new();
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "refused", trust: "stranger/ca");

        JsonElement result = await client.FinishAsync();

        AssertEnd(result, "local", isApplication: false, 0x130, result.GetProperty("reason").GetString()!);
        Assert.AreEqual(nameof(TransportError.CertificateRejected), await failures.NextAsync());
    }

    [TestMethod]
    public async Task ApplicationProtocol_NoneInCommon_IsRefusedWithItsAlert()
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "refused", new() { ["alpn"] = "something-else" });

        JsonElement result = await client.FinishAsync();

        Assert.AreEqual("peer", result.GetProperty("by").GetString(), client.Everything);
        Assert.AreEqual(0x178, result.GetProperty("code").GetInt64(), client.Everything);
    }

    [TestMethod]
    public async Task Resumption_EarlyDataNotAllowed_IsServedAfterTheHandshake()
    {
        StreamApplication? last = null;
        await using InteropListener listener = await ListenAsync(connection => (last = new StreamApplication(connection)).ServeAsync());
        await using QuichePeer client = Client(listener, "resume", new() { ["earlyData"] = true });

        JsonElement result = await client.FinishAsync();

        Assert.IsTrue(result.GetProperty("resumed").GetBoolean(), client.Everything);
        Assert.IsFalse(last!.SawEarlyData);
    }

    [TestMethod]
    public async Task KeyUpdate_ByOurSide_DisturbsNothing()
    {
        List<Task> updates = [];
        await using InteropListener listener = await ListenAsync(connection =>
        {
            updates.Add(connection.UpdateKeysAsync().AsTask());
            return new StreamApplication(connection).ServeAsync();
        });
        await using QuichePeer client = Client(listener, "echo", new() { ["streams"] = 2, ["size"] = Mebibyte });

        await client.FinishAsync();

        Assert.HasCount(1, updates);
        await updates[0];
    }

    private static void AssertEnd(JsonElement end, string by, bool isApplication, long code, string reason)
    {
        Assert.AreEqual(by, end.GetProperty("by").GetString(), end.ToString());
        Assert.AreEqual(isApplication, end.GetProperty("app").GetBoolean(), end.ToString());
        Assert.AreEqual(code, end.GetProperty("code").GetInt64(), end.ToString());
        Assert.AreEqual(reason, end.GetProperty("reason").GetString(), end.ToString());
    }
}
