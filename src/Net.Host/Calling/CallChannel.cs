using System.Net;
using Net.Grpc;
using Net.Hosting.Echoing;
using Net.Hosting.Engines;
using Net.Http3;

namespace Net.Hosting.Calling;

/// <summary>gRPC calls to one server, as a command line asks for them.</summary>
internal sealed class CallChannel : IAsyncDisposable
{
    private readonly TransportEngine? _engine;
    private readonly VersionWatch _watch;

    private CallChannel(GrpcClient client, VersionWatch watch, TransportEngine? engine)
    {
        Client = client;
        _watch = watch;
        _engine = engine;
    }

    internal GrpcClient Client { get; }

    /// <summary>What the last call went over, for people: <c>HTTP/2</c>, or <c>HTTP/3 on ngtcp2</c>.</summary>
    internal string Via => _watch.Major switch
    {
        3 => $"HTTP/3 on {_engine?.Name}",
        0 => "no connection yet",
        var major => $"HTTP/{major}",
    };

    /// <summary>Makes a channel; nothing is connected before the first call.</summary>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/>: HTTP/3 was demanded, and no engine runs here.</exception>
    internal static async ValueTask<CallChannel> OpenAsync(HostContext context, EchoTarget target)
    {
        ClientTlsOptions tls = target.MakeTls(context.TimeProvider.GetUtcNow());
        TransportEngine? engine = await SelectEngineAsync(context, target).ConfigureAwait(false);
        string serverName = target.ServerName ?? target.EndPoint.Host;
        SocketsHttpHandler http2 = Http2Handler.Create(tls, serverName, target.Timeout, context.TimeProvider);
        HttpMessageHandler handler = engine is null ? http2 : new OwningHandler(
            new Http3Handler(new Http3HandlerOptions
            {
                Engine = target.ServerName is null ? engine : new NamedServerEngine(engine, serverName),
                Tls = tls,
                ConnectTimeout = target.Timeout,
                KeepAliveInterval = TimeSpan.FromSeconds(10),
                Fallback = http2,
                TimeProvider = context.TimeProvider,
            }),
            http2);
        var watch = new VersionWatch(handler, target.Credential);
        var client = new GrpcClient(new Uri($"https://{target.EndPoint}"), watch, new GrpcClientOptions
        {
            HttpVersion = engine is null ? HttpVersion.Version20 : HttpVersion.Version30,
            HttpVersionPolicy = target.Http == HttpChoice.Auto ? HttpVersionPolicy.RequestVersionOrLower : HttpVersionPolicy.RequestVersionExact,
            DefaultTimeout = target.Timeout,
            TimeProvider = context.TimeProvider,
        });
        return new CallChannel(client, watch, engine);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _watch.CloseAsync().ConfigureAwait(false);
        if (_engine is not null)
        {
            await _engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The engine for calls to a server; <c>null</c>: HTTP/2 alone. The caller owns it.</summary>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/>: HTTP/3 was demanded, and no engine runs here.</exception>
    internal static async ValueTask<TransportEngine?> SelectEngineAsync(HostContext context, EchoTarget target)
    {
        if (target.Http == HttpChoice.Http2)
        {
            return null;
        }

        try
        {
            return await context.Engines.SelectAsync(target.Engine).ConfigureAwait(false);
        }
        catch (TransportException exception) when (exception.Error == TransportError.EngineMissing && target is { Http: HttpChoice.Auto, Engine: EngineSelector.Auto })
        {
            return null;
        }
    }

    /// <summary>Adds who calls to each request, and notes the version that answers came over.</summary>
    private sealed class VersionWatch(HttpMessageHandler inner, BearerCredential? credential) : DelegatingHandler(inner)
    {
        private int _major;

        internal int Major => Volatile.Read(ref _major);

        internal ValueTask CloseAsync() => InnerHandler is OwningHandler owning ? owning.CloseAsync() : ValueTask.CompletedTask;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (credential is not null)
            {
                request.Headers.TryAddWithoutValidation(BearerCredential.MetadataName, credential.Header);
            }

            HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _major, response.Version.Major);
            return response;
        }
    }

    /// <summary>Disposes the fallback with the handler, which leaves it to its maker.</summary>
    private sealed class OwningHandler(Http3Handler http3, HttpMessageHandler fallback) : DelegatingHandler(http3)
    {
        internal ValueTask CloseAsync() => http3.DisposeAsync();

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing)
            {
                fallback.Dispose();
            }
        }
    }
}
