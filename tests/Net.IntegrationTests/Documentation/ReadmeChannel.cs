// <usings>
using System.Text;
using Net;
using Net.Aql;
using Net.Channels;
using Net.Client;
// </usings>

namespace Net.IntegrationTests.Documentation;

/// <summary>The channel that README.md shows, so that what users copy compiles.</summary>
internal static class ReadmeChannel
{
    internal static async Task RunAsync()
    {
        // <body>
        await using ClientChannel channel = new NetChannelBuilder("https://a.example:443", "https://b.example:443")
            .UseIdentity(TlsIdentity.FromPemFiles("client.pem", "client-key.pem"))
            .UseTrust(CertificateTrust.FromPemFile("ca.pem"))
            .UseBalancing(Balancing.LeastConnections)
            .Build(); // HTTP/3 and raw streams over QUIC, or HTTP/2 and the same streams over TLS where UDP is blocked

        using var grpc = channel.CreateGrpcClient();
        var aql = new AqlClient(grpc);                                   // gRPC; what may be retried stands in the .proto
        await aql.QueryAsync(AqlText.Parse("get users/42"));

        using var http = new HttpClient(channel.CreateHttpHandler());    // the same pool, also for GrpcChannelOptions.HttpHandler
        Console.WriteLine(await http.GetStringAsync("https://a.example/"));

        await using var stream = await channel.OpenStreamAsync("echo");  // a raw stream from the same pool: an IDuplexPipe
        await stream.Output.WriteAsync(Encoding.UTF8.GetBytes("hello"));
        await stream.Output.CompleteAsync();
        var answer = await stream.Input.ReadAtLeastAsync(5);
        Console.WriteLine(Encoding.UTF8.GetString(answer.Buffer.FirstSpan));
        // </body>
    }
}
