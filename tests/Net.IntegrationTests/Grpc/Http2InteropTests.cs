using Net.Grpc;
using Net.Server;

namespace Net.IntegrationTests.Grpc;

/// <summary>The interop cases with our client and our server over HTTP/2 and TLS.</summary>
[TestClass]
public sealed class Http2InteropTests : CompressionInteropCases
{
    private GrpcTestServer _server = null!;
    private GrpcClient _client = null!;

    protected override GrpcClient Client => _client;

    [TestInitialize]
    public async Task StartAsync()
    {
        _server = await GrpcTestServer.StartAsync(application => application.MapNetGrpc(InteropMethods.Definition, new InteropService()));
        _client = _server.CreateClient();
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }
}
