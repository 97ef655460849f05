// <usings>
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net;
using Net.Aql;
using Net.Server;
// </usings>

namespace Net.IntegrationTests.Documentation;

/// <summary>The server that README.md shows; ReadmeTests compares the two, so that what users copy compiles.</summary>
internal static class ReadmeServer
{
    internal static async Task RunAsync(string[] args)
    {
        // <body>
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.AddNetServer(server =>
        {
            server.EndPoints.Clear();
            server.EndPoints.Add(new IPEndPoint(IPAddress.IPv6Any, 8443)); // HTTP/3 and raw streams on UDP, HTTP/2 on TCP
            server.Identity = TlsIdentity.FromPemFiles("certs/out/server.pem", "certs/out/server-key.pem");
            server.ClientCertificateMode = ClientCertificateMode.Required;
            server.ClientCertificatePolicy = CertificateTrust.FromPemFile("certs/out/ca.pem");
        });
        WebApplication app = builder.Build();
        app.MapGet("/", (HttpRequest request) => $"hello over {request.Protocol}\n");
        app.MapNetStream("echo", static stream => stream.Input.CopyToAsync(stream.Output));
        app.MapNetGrpc(AqlService.Definition, new AqlService(new AqlEngine(AqlStore.CreateInMemory(), TimeProvider.System)));
        await app.RunAsync();
        // </body>
    }
}
