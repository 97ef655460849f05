using System.Net;
using Net.Grpc;
using Net.Http3;

namespace Net.IntegrationTests.Host;

/// <summary>A client in this process that calls the server's process over one connection of HTTP/3.</summary>
internal sealed class ServeClient : IAsyncDisposable
{
    private readonly TransportEngine _engine;
    private readonly Http3Handler _handler;

    private ServeClient(TransportEngine engine, Http3Handler handler, ServeProcess server)
    {
        _engine = engine;
        _handler = handler;
        var address = new Uri($"https://{server.EndPoint}");
        Http = new HttpClient(handler, disposeHandler: false)
        {
            BaseAddress = address, DefaultRequestVersion = HttpVersion.Version30, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Grpc = new GrpcClient(address, Http, new GrpcClientOptions { HttpVersion = HttpVersion.Version30, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact });
    }

    internal HttpClient Http { get; }

    internal GrpcClient Grpc { get; }

    internal static async Task<ServeClient> StartAsync(ServeProcess server)
    {
        TransportEngine engine = await ConnectedClient.SelectEngineAsync();
        return new ServeClient(engine, new Http3Handler(new Http3HandlerOptions { Engine = engine, Tls = ConnectedClient.MakeTls(server) }), server);
    }

    public async ValueTask DisposeAsync()
    {
        Grpc.Dispose();
        Http.Dispose();
        await _handler.DisposeAsync();
        await _engine.DisposeAsync();
    }
}
