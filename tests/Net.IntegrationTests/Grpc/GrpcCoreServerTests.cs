using System.Text.Json;
using System.Text.Json.Nodes;
using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.IntegrationTests.Interop;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>The interop cases with our client against C-core gRPC as the server, over HTTP/2 and TLS; of those of compression the ones in which the server compresses, as it does not tell what came compressed.</summary>
[TestClass]
public sealed class GrpcCoreServerTests : InteropCases
{
    private static GrpcPeerFiles? _files;
    private static PeerProcess? _peer;
    private static GrpcClient? _client;

    protected override GrpcClient Client => _client!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        string python = GrpcPeerFiles.RequirePythonWithGrpc();
        _files = new GrpcPeerFiles();
        var options = new JsonObject { ["cert"] = _files.Certificate, ["key"] = _files.Key, ["descriptors"] = _files.Descriptors };
        _peer = PeerProcess.Start(python, [Setup.RepositoryFiles.PathOf("tests/peers/grpc-core/server.py"), options.ToJsonString()]);
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
    [DataRow(true)]
    [DataRow(false)]
    public Task ServerCompressedUnary_Asked_IsCompressedOnTheWire(bool compressed) => CompressionChecks.ServerUnaryAsync(Client, compressed);

    [TestMethod]
    public Task ServerCompressedStreaming_Mixed_EachAsAsked() => CompressionChecks.ServerStreamingAsync(Client);

    [TestMethod]
    [DataRow(GrpcEncoding.Gzip)]
    [DataRow(GrpcEncoding.Deflate)]
    public async Task CompressedRequests_Streaming_AreUnderstood(GrpcEncoding encoding)
    {
        await using var call = Client.ClientStreaming(InteropMethods.StreamingInputCall, new GrpcCallOptions { Encoding = encoding });
        await call.Requests.WriteAsync(new StreamingInputCallRequest { Payload = Zeros(27_182) }).WithTimeout();
        await call.Requests.WriteAsync(new StreamingInputCallRequest { Payload = Zeros(45_904) }, new GrpcWriteOptions { NoCompression = true }).WithTimeout();

        Assert.AreEqual(73_086, (await call.CompleteAsync().WithTimeout()).Message.AggregatedPayloadSize);
    }
}
