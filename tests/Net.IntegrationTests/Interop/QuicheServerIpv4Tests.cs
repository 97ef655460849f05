using System.Net;
using System.Text.Json;
using Net.Testing;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="QuicheServerTests"/> over IPv4, and what has nothing to do with addresses: aborts, ends, certificates, keys.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class QuicheServerIpv4Tests : QuicheServerTests
{
    private protected override IPAddress Loopback => IPAddress.Loopback;

    [TestMethod]
    public async Task Reset_ByOurSide_ReachesTheServerWithItsCode()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await using TransportStream stream = await StreamRequests.OpenEchoAsync(connection);

        stream.AbortWrite(0x1234567);

        Assert.AreEqual(0x1234567, (await server.TakeAsync("reset")).GetProperty("code").GetInt64());
        Assert.AreEqual(0x1234567, await StreamRequests.ReadUntilResetAsync(stream), "the application answers with a reset of its own");
        await StreamRequests.EchoAsync(connection, 1000);
    }

    [TestMethod]
    public async Task StopReading_ByOurSide_ReachesTheServerWithItsCode()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await using TransportStream stream = await StreamRequests.OpenEchoAsync(connection);

        stream.AbortRead(0x7654321);

        Assert.AreEqual(0x7654321, await StreamRequests.WriteUntilStoppedAsync(stream, new byte[100]), "the application answers with a stop of its own");
        Assert.AreEqual(0x7654321, (await server.TakeAsync("stopped")).GetProperty("code").GetInt64());
        await StreamRequests.EchoAsync(connection, 1000);
    }

    [TestMethod]
    public async Task Aborts_ByTheServer_ReachOurApplicationWithTheirCodes()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await using TransportStream reset = await StreamRequests.SendAsync(connection, StreamApplication.Request('r', 0x11223344, []));
        Assert.AreEqual(0x11223344, await StreamRequests.ReadUntilResetAsync(reset));

        await using TransportStream stopped = await connection.OpenStreamAsync(StreamDirection.Bidirectional);
        Assert.AreEqual(0x44332211, await StreamRequests.WriteUntilStoppedAsync(stopped, StreamApplication.Request('s', 0x44332211, [])));
    }

    [TestMethod]
    public async Task Close_ByOurSide_CarriesCodeAndReason()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await StreamRequests.EchoAsync(connection, 1000);

        await connection.CloseAsync(4711, "the work is done");

        AssertEnd(await server.TakeAsync("closed"), "peer", isApplication: true, 4711, "the work is done");
    }

    [TestMethod]
    public async Task Close_ByTheServer_CarriesCodeAndReason()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await using TransportStream stream = await StreamRequests.SendAsync(connection, StreamApplication.Request('c', 4712, "no more today"u8));
        ConnectionClose close = await connection.Closed.WithTimeout();

        Assert.AreEqual(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 4712, null, "no more today"), close);
    }

    [TestMethod]
    [DataRow(null, 0x174, DisplayName = "none: certificate_required (116)")]
    [DataRow("stranger/client", 0x130, DisplayName = "another authority's: unknown_ca (48)")]
    [DataRow("expired", 0x12d, DisplayName = "expired: certificate_expired (45)")]
    public async Task ClientCertificate_RefusedByTheServer_IsReportedWithItsAlert(string? identity, int code)
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            options => options with { Tls = options.Tls with { Identity = identity is null ? null : Certificates.Identity(identity) } }));

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
        Assert.AreEqual(code, refused.TransportErrorCode, refused.Message);
        Assert.IsFalse(refused.IsSafeToRetry);
    }

    [TestMethod]
    public async Task ServerCertificate_OfAnUnknownAuthority_IsRefusedWithItsAlert()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            options => options with { Tls = options.Tls with { ServerCertificatePolicy = Certificates.StrangersTrust } }));

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
        AssertEnd(await server.TakeAsync("closed"), "peer", isApplication: false, 0x130, "");
    }

    [TestMethod]
    public async Task ServerCertificate_WithoutTheName_IsRefused()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            static options => options with { ServerName = "elsewhere.example" }));

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
        AssertEnd(await server.TakeAsync("closed"), "peer", isApplication: false, refused.TransportErrorCode!.Value, "");
    }

    [TestMethod]
    public async Task ApplicationProtocol_NoneInCommon_FailsToConnect()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            static options => options with { ApplicationProtocols = ["something-else"] }));

        Assert.AreEqual(TransportError.ConnectFailed, refused.Error, refused.Message);
        Assert.AreEqual(0x178, refused.TransportErrorCode, refused.Message);
    }

    [TestMethod]
    public async Task KeyUpdate_ByOurSide_DisturbsNothing()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        Task echo = StreamRequests.EchoAsync(connection, Mebibyte);
        await connection.UpdateKeysAsync();
        await echo;
        await StreamRequests.EchoAsync(connection, Mebibyte);
    }

    private static void AssertEnd(JsonElement end, string by, bool isApplication, long code, string reason)
    {
        Assert.AreEqual(by, end.GetProperty("by").GetString(), end.ToString());
        Assert.AreEqual(isApplication, end.GetProperty("app").GetBoolean(), end.ToString());
        Assert.AreEqual(code, end.GetProperty("code").GetInt64(), end.ToString());
        Assert.AreEqual(reason, end.GetProperty("reason").GetString(), end.ToString());
    }
}
