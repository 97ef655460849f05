// <usings>
using System.Net;
using System.Text;
using Net;
using Net.Client;
using Net.Ngtcp2;
// </usings>

namespace Net.IntegrationTests.Documentation;

/// <summary>The client that README.md shows; ReadmeTests compares the two, so that what users copy compiles.</summary>
internal static class ReadmeClient
{
    internal static async Task RunAsync()
    {
        // <body>
        await using var engine = new Ngtcp2Engine();
        await using TransportConnection connection = await engine.ConnectAsync(new ConnectOptions
        {
            RemoteEndPoint = new DnsEndPoint("localhost", 8443),
            ApplicationProtocols = ["net/1"],
            Tls = new ClientTlsOptions
            {
                Identity = TlsIdentity.FromPemFiles("certs/out/client.pem", "certs/out/client-key.pem"),
                ServerCertificatePolicy = CertificateTrust.FromPemFile("certs/out/ca.pem"),
            },
        });
        await using RawStream stream = await new RawStreamClient(connection).OpenAsync("echo");
        await stream.Output.WriteAsync("hello over QUIC"u8.ToArray());
        await stream.Output.CompleteAsync();
        using var answer = new StreamReader(stream.Input.AsStream(), Encoding.UTF8);
        Console.WriteLine($"{await answer.ReadToEndAsync()}, round trip {connection.GetPathStatistics().SmoothedRtt}");
        // </body>
    }
}
