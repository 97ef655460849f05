using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Net;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Grpc.Messages;
using Net.Server;

// service CERTIFICATES PORT: serves, calls itself through a channel, prints what came back, and ends.
string certificates = args[0];
int port = int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture);
var builder = WebApplication.CreateSlimBuilder();
builder.AddNetServer(options =>
{
    options.EndPoints.Clear();
    options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
    options.Identity = TlsIdentity.FromPemFiles(Path.Combine(certificates, "server.pem"), Path.Combine(certificates, "server-key.pem"));
    options.ClientCertificateMode = Net.ClientCertificateMode.Required;
    options.ClientCertificatePolicy = CertificateTrust.FromPemFile(Path.Combine(certificates, "ca.pem"));
});

// Over QUIC or not at all, so that nothing below is answered over TCP.
builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
{
    ["Self:EndPoints:0:Address"] = $"https://localhost:{port}",
    ["Self:Engine"] = "ngtcp2",
    ["Self:Fallback"] = "Exact",
    ["Self:Trust"] = Path.Combine(certificates, "ca.pem"),
    ["Self:Identity:Certificate"] = Path.Combine(certificates, "client.pem"),
    ["Self:Identity:Key"] = Path.Combine(certificates, "client-key.pem"),
    ["Self:Pool:MinConnections"] = "1",
    ["Self:CircuitBreaker"] = "true",
    ["Self:Retry:RetryOn"] = "TransportFailure, TimedOut",
});
builder.Services.AddNetChannel("self", builder.Configuration.GetSection("Self"));
builder.Services.AddHttpClient("self", client => client.BaseAddress = new Uri($"https://localhost:{port}")).UseNetChannel("self");

await using WebApplication application = builder.Build();
application.MapGet("/hello", (HttpContext context) => $"hello over {context.Request.Protocol} from {context.Connection.ClientCertificate?.Subject}");
application.MapNetStream("echo", new EchoHandler());
application.MapNetGrpc(GrpcHealthService.Definition, new GrpcHealthService());
await application.StartAsync();

HttpClient http = application.Services.GetRequiredService<IHttpClientFactory>().CreateClient("self");
Console.WriteLine(await http.GetStringAsync("/hello"));
ClientChannel channel = application.Services.GetRequiredKeyedService<ClientChannel>("self");
await using (RawStream stream = await channel.OpenStreamAsync("echo"))
{
    await stream.Output.WriteAsync("hello over a raw stream"u8.ToArray());
    await stream.Output.CompleteAsync();
    using var reader = new StreamReader(stream.Input.AsStream(leaveOpen: true), Encoding.UTF8);
    Console.WriteLine(await reader.ReadToEndAsync());
}

using (GrpcClient grpc = channel.CreateGrpcClient())
{
    HealthCheckResponse health = await grpc.UnaryAsync(GrpcHealthMethods.Check, new HealthCheckRequest());
    Console.WriteLine($"hello over gRPC: {health.Status}");
}

Console.WriteLine($"end points: {channel.GetSnapshot().EndPoints.Count}");
Console.WriteLine($"compiled ahead of time: {!RuntimeFeature.IsDynamicCodeSupported}");
await application.StopAsync();
