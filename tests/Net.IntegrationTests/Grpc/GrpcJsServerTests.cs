using System.Text.Json;
using System.Text.Json.Nodes;
using Net.Grpc;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Grpc.Messages;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>The interop cases with our client against grpc-js as the server, over HTTP/2 and TLS.</summary>
[TestClass]
public sealed class GrpcJsServerTests : InteropCases
{
    private static GrpcPeerFiles? _files;
    private static PeerProcess? _peer;
    private static GrpcClient? _client;

    protected override GrpcClient Client => _client!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        string directory = GrpcPeerFiles.RequireGrpcJs();
        _files = new GrpcPeerFiles();
        _peer = PeerProcess.Start("node", ["server.js", new JsonObject { ["cert"] = _files.Certificate, ["key"] = _files.Key }.ToJsonString()], directory);
        string ready = await _peer.TakeLineAsync(line => line.Contains("\"ready\"", StringComparison.Ordinal), "the event 'ready'");
        int port = JsonDocument.Parse(ready).RootElement.GetProperty("port").GetInt32();
        _client = new GrpcClient(new Uri($"https://localhost:{port}"), GrpcTestServer.CreateHandler());
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        _client?.Dispose();
        if (_peer is not null)
        {
            _peer.EndInput();
            await _peer.DisposeAsync();
        }

        _files?.Dispose();
    }

    [TestMethod]
    public Task ClientCompressedUnary_ProbedAndCompressed_IsNoticed() => CompressionChecks.ClientUnaryAsync(Client);

    [TestMethod]
    public Task ClientCompressedStreaming_ProbedAndMixed_IsNoticed() => CompressionChecks.ClientStreamingAsync(Client);

    [TestMethod]
    [DataRow(GrpcEncoding.Gzip)]
    [DataRow(GrpcEncoding.Deflate)]
    public async Task CompressedRequests_UnaryAndStreaming_AreUnderstood(GrpcEncoding encoding)
    {
        var options = new GrpcCallOptions { Encoding = encoding };
        SimpleResponse unary = await Client.UnaryAsync(InteropMethods.UnaryCall, new SimpleRequest { ResponseSize = 9, Payload = Zeros(LargeRequest) }, options).WithTimeout();
        await using var call = Client.ClientStreaming(InteropMethods.StreamingInputCall, options);
        await call.Requests.WriteAsync(new StreamingInputCallRequest { Payload = Zeros(27_182) }).WithTimeout();
        await call.Requests.WriteAsync(new StreamingInputCallRequest { Payload = Zeros(45_904) }, new GrpcWriteOptions { NoCompression = true }).WithTimeout();

        Assert.AreEqual(9, unary.Payload.Body.Length);
        Assert.AreEqual(73_086, (await call.CompleteAsync().WithTimeout()).Message.AggregatedPayloadSize);
    }
}
