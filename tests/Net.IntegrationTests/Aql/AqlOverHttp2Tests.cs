using Microsoft.AspNetCore.Builder;
using Net.Grpc;
using Net.IntegrationTests.Grpc;

namespace Net.IntegrationTests.Aql;

/// <summary>AQL over HTTP/2 and TCP, with the library's own handler.</summary>
[TestClass]
public sealed class AqlOverHttp2Tests : AqlServiceTests
{
    private protected override async Task<(IAsyncDisposable Server, GrpcClient Client)> StartAsync(Action<WebApplication> map)
    {
        GrpcTestServer server = await GrpcTestServer.StartAsync(map);
        return (server, server.CreateClient());
    }
}
