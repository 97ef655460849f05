using Net.Grpc;
using Net.Server;

namespace Net.IntegrationTests.Grpc;

/// <summary>The interop cases with our client and our server over HTTP/3 on the ngtcp2 engine.</summary>
[TestClass]
public sealed class Http3InteropTests : CompressionInteropCases
{
    private Http3Site? _site;
    private GrpcClient? _client;

    protected override GrpcClient Client => _client!;

    [TestInitialize]
    public async Task StartAsync()
    {
        _site = await Http3Site.StartAsync(application => application.MapNetGrpc(InteropMethods.Definition, new InteropService()));
        _client = _site.CreateClient();
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        _client?.Dispose();
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }
}
