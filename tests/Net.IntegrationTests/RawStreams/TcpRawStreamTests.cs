using System.Net;
using Net.Testing;

namespace Net.IntegrationTests.RawStreams;

/// <summary>Raw streams over TLS on TCP.</summary>
[TestClass]
public sealed class TcpRawStreamTests : RawStreamEngineTests
{
    [TestMethod]
    [DataRow(null, null, "127.0.0.1")]
    [DataRow("127.0.0.1", null, "127.0.0.1")]
    [DataRow("localhost", "localhost", "localhost")]
    public async Task ServerName_OfAnAddress_IsNoneAndTheCertificateIsJudgedByIt(string? name, string? expected, string certificateName)
    {
        await using var engine = new TcpEngine();
        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server };
        string? asked = "nobody asked";
        await using TransportListener listener = await engine.ListenAsync(new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
            Tls = (in ClientHello hello) =>
            {
                asked = hello.ServerName;
                return tls;
            },
        });
        await using TransportConnection client = await engine.ConnectAsync(new ConnectOptions
        {
            RemoteEndPoint = listener.LocalEndPoint,
            ServerName = name,
            ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
            Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
        }).WithTimeout();
        await using TransportConnection? server = await listener.AcceptAsync().AsTask().WithTimeout();

        Assert.AreEqual(expected, client.ServerName);
        Assert.AreEqual(certificateName, client.CertificateName);
        Assert.AreEqual(expected, server!.ServerName);
        Assert.AreEqual(expected, asked);
    }

    protected override TransportEngine CreateEngine() => new TcpEngine();
}
