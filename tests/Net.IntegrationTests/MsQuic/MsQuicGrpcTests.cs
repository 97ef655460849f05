using Net.Grpc;
using Net.IntegrationTests.Grpc;
using Net.Server;

namespace Net.IntegrationTests.MsQuic;

/// <summary>The interop cases with our client and our server over HTTP/3 on the msquic engine.</summary>
[TestClass]
public sealed class MsQuicGrpcTests : CompressionInteropCases
{
    private Http3Site? _site;
    private GrpcClient? _client;

    protected override GrpcClient Client => _client!;

    [TestInitialize]
    public async Task StartAsync()
    {
        _site = await Http3Site.StartAsync(application => application.MapNetGrpc(InteropMethods.Definition, new InteropService()), MsQuicSupport.Require());
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
