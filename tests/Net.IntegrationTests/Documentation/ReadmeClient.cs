// <usings>
using System.Net;
using Net;
using Net.Aql;
using Net.Grpc;
using Net.Http3;
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
        await using var handler = new Http3Handler(new Http3HandlerOptions
        {
            Engine = engine,
            Tls = new ClientTlsOptions
            {
                Identity = TlsIdentity.FromPemFiles("certs/out/client.pem", "certs/out/client-key.pem"),
                ServerCertificatePolicy = CertificateTrust.FromPemFile("certs/out/ca.pem"),
            },
        });
        using var http = new HttpClient(handler, disposeHandler: false) { DefaultRequestVersion = HttpVersion.Version30 };
        Console.Write(await http.GetStringAsync("https://localhost:8443/")); // HTTP/3, or HTTP/2 where UDP is blocked

        using var grpc = new GrpcClient(new Uri("https://localhost:8443"), handler);
        var aql = new AqlClient(grpc);
        await aql.QueryAsync(AqlText.Parse("set users/42 \"Ada\""));
        await foreach (var row in aql.StreamAsync(AqlText.Parse("range users 0..9")))
        {
            Console.WriteLine(AqlText.FormatBytes(row.Value.Data));
        }
        // </body>
    }
}
