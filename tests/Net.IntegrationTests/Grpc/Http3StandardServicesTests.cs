using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Net.Grpc;

namespace Net.IntegrationTests.Grpc;

/// <summary>The standard services over HTTP/3 on the ngtcp2 engine.</summary>
[TestClass]
public sealed class Http3StandardServicesTests : StandardServicesCases
{
    private Http3Site? _site;

    protected override async Task<GrpcClient> StartAsync(Action<WebApplication> map, Action<IServiceCollection> services)
    {
        _site = await Http3Site.StartAsync(map, services);
        return _site.CreateClient();
    }

    protected override async Task StopAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }
}
