using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Net.Grpc;

namespace Net.IntegrationTests.Grpc;

/// <summary>The standard services over HTTP/2 and TLS.</summary>
[TestClass]
public sealed class Http2StandardServicesTests : StandardServicesCases
{
    private GrpcTestServer? _server;

    protected override async Task<GrpcClient> StartAsync(Action<WebApplication> map, Action<IServiceCollection> services)
    {
        _server = await GrpcTestServer.StartAsync(map, services);
        return _server.CreateClient();
    }

    protected override async Task StopAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
