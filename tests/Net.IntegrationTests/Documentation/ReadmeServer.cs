// <usings>
using System.Net;
using Net;
using Net.Ngtcp2;
using Net.Server;
// </usings>

namespace Net.IntegrationTests.Documentation;

/// <summary>The server that README.md shows; ReadmeTests compares the two, so that what users copy compiles.</summary>
internal static class ReadmeServer
{
    internal static async Task RunAsync()
    {
        // <body>
        await using var engine = new Ngtcp2Engine();
        var tls = new ServerTlsOptions
        {
            Identity = TlsIdentity.FromPemFiles("certs/out/server.pem", "certs/out/server-key.pem"),
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = CertificateTrust.FromPemFile("certs/out/ca.pem"),
        };
        await using NetServer server = new NetServerBuilder().MapStream("echo", static s => s.Input.CopyToAsync(s.Output)).Build();
        await server.ListenAsync(engine, new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.IPv6Any, 8443),
            ApplicationProtocols = ["net/1"],
            Tls = (in ClientHello hello) => tls, // asked for each handshake: return another snapshot to rotate
        });
        Console.ReadLine();
        await server.StopAsync(TimeSpan.FromSeconds(30));
        // </body>
    }
}
