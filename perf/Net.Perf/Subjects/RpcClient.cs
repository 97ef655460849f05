using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Net.Grpc;
using Net.Http3;
using Net.Ngtcp2;
using Net.Perf.Measuring;
using Net.Perf.Messages;

namespace Net.Perf.Subjects;

/// <summary>A gRPC client over one connection. All differ in the handler below it alone.</summary>
internal sealed class RpcClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly GrpcClient _client;
    private readonly Ngtcp2Engine? _engine;

    private RpcClient(string name, int port, HttpMessageHandler handler, Version version, Ngtcp2Engine? engine = null)
    {
        Name = name;
        _engine = engine;
        _client = new GrpcClient(new Uri($"https://{Certificates.ServerName}:{port}"), handler, new GrpcClientOptions
        {
            HttpVersion = version,
            HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        });
    }

    /// <summary>What it is called in the tables.</summary>
    internal string Name { get; }

    /// <summary>Datagrams that have come and gone so far; <c>null</c> where that is not known.</summary>
    internal long? Packets => _engine is null ? null : QuicPair.Sum(_engine.ClientLoops) is var t ? t.Packets + t.ReceivedPackets : null;

    /// <summary>Over HTTP/2 and TLS with the platform's handler.</summary>
    internal static RpcClient OverHttp2(RpcServer server, string name = "h2 with TLS") =>
        new(name, server.Http2Port, PlatformHandler(server), HttpVersion.Version20);

    /// <summary>Over HTTP/3 with the platform's handler and libmsquic.</summary>
    internal static RpcClient OverPlatformHttp3(RpcServer server) => new("the platform's h3 (msquic)", server.PlatformHttp3Port, PlatformHandler(server), HttpVersion.Version30);

    /// <summary>Over HTTP/3 with our handler and engine.</summary>
    internal static RpcClient OverHttp3(RpcServer server)
    {
        var engine = new Ngtcp2Engine();
        var handler = new Http3Handler(new Http3HandlerOptions
        {
            Engine = engine,
            Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust([server.Authority]) },
            MaxConnectionsPerServer = 1,
        });
        return new RpcClient("h3", server.Http3Port, handler, HttpVersion.Version30, engine);
    }

    /// <summary>Makes unary calls.</summary>
    /// <param name="inFlight">How many are under way at once.</param>
    /// <param name="ticks">Takes the time of each; its length is how many to make.</param>
    internal Task RunAsync(int inFlight, long[] ticks)
    {
        var next = new StrongBox<int>();
        return Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => CallAsync(next, ticks))).WaitAsync(Patience);
    }

    /// <summary>Has the server send messages on one stream and reads them all.</summary>
    internal async Task StreamAsync(int messages)
    {
        GrpcServerStreamingCall<Payload> call = _client.ServerStreaming(PerfService.Repeat, new RepeatRequest { Data = PerfService.Data, Count = messages });
        await using (call.ConfigureAwait(false))
        {
            int received = 0;
            while (await call.Responses.ReadAsync().ConfigureAwait(false) is not null)
            {
                received++;
            }

            if (received != messages)
            {
                throw new InvalidOperationException($"The stream had {received} messages instead of {messages}.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_engine is not null)
        {
            await _engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static SocketsHttpHandler PlatformHandler(RpcServer server)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(server.Authority);
        return new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy }, UseProxy = false, UseCookies = false };
    }

    private async Task CallAsync(StrongBox<int> next, long[] ticks)
    {
        var request = new Payload { Data = PerfService.Data };
        for (int i = Interlocked.Increment(ref next.Value) - 1; i < ticks.Length; i = Interlocked.Increment(ref next.Value) - 1)
        {
            long started = Stopwatch.GetTimestamp();
            Payload response = await _client.UnaryAsync(PerfService.Echo, request).ConfigureAwait(false);
            ticks[i] = Stopwatch.GetTimestamp() - started;
            if (response.Data.Length != request.Data.Length)
            {
                throw new InvalidOperationException($"The answer had {response.Data.Length} bytes instead of {request.Data.Length}.");
            }
        }
    }
}
