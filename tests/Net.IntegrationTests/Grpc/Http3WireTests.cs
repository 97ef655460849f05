using Net.Grpc;
using Net.IntegrationTests.Interop;
using Net.Ngtcp2;
using Net.Server;

namespace Net.IntegrationTests.Grpc;

/// <summary>Calls over HTTP/3 on the ngtcp2 engine.</summary>
[TestClass]
public sealed class Http3WireTests : WireCases
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
        InteropRequirement.Engine();

        // Calls are given up by the hundred here, and how many of them the client ends before the server does is the clocks' matter.
        _site = await Http3Site.StartAsync(
            application => application.MapNetGrpc(InteropMethods.Definition, Service),
            new Ngtcp2Engine(),
            static options => options.Transport.Limits = options.Transport.Limits with { MaxResetsPerSecond = 1_000_000 });
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
