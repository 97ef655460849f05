using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Net.Grpc;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>Calls over HTTP/2 and TLS on stock Kestrel.</summary>
[TestClass]
public sealed class Http2WireTests : WireCases
{
    private GrpcTestServer _server = null!;
    private GrpcClient _client = null!;
    private HttpMessageInvoker _raw = null!;

    private protected override GrpcClient Client => _client;

    private protected override HttpMessageInvoker Raw => _raw;

    private protected override Version HttpVersion => System.Net.HttpVersion.Version20;

    [TestInitialize]
    public async Task StartAsync()
    {
        _server = await GrpcTestServer.StartAsync(application => application.MapNetGrpc(InteropMethods.Definition, Service), protocols: HttpProtocols.Http1AndHttp2);
        _client = _server.CreateClient();
        _raw = GrpcTestServer.CreateInvoker();
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        _raw.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [TestMethod]
    public async Task Request_OverHttp11_Gets426()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Address, "/grpc.testing.TestService/EmptyCall"))
        {
            Version = System.Net.HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent([0, 0, 0, 0, 0]),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        using HttpResponseMessage response = await _raw.SendAsync(request, CancellationToken.None).WithTimeout();

        Assert.AreEqual(HttpStatusCode.UpgradeRequired, response.StatusCode);
    }
}
