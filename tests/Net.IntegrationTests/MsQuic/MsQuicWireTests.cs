using Net.Grpc;
using Net.IntegrationTests.Grpc;
using Net.Server;

namespace Net.IntegrationTests.MsQuic;

/// <summary>Calls over HTTP/3 on the msquic engine.</summary>
[TestClass]
public sealed class MsQuicWireTests : WireCases
{
    private Http3Site? _site;
    private GrpcClient? _client;
    private HttpMessageInvoker? _raw;

    private protected override GrpcClient Client => _client!;

    private protected override HttpMessageInvoker Raw => _raw!;

    private protected override Version HttpVersion => System.Net.HttpVersion.Version30;

    [TestInitialize]
    public async Task StartAsync()
    {
        _site = await Http3Site.StartAsync(application => application.MapNetGrpc(InteropMethods.Definition, Service), MsQuicSupport.Require());
        _client = _site.CreateClient();
        _raw = _site.CreateInvoker();
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        _raw?.Dispose();
        _client?.Dispose();
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }
}
