using System.Net;
using System.Net.Http;
using Net.Grpc;
using Net.Http3;
using Net.IntegrationTests.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.IntegrationTests.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>A client that behaves: it asks by HttpClient and by gRPC in turn, all the time, on a connection of its own. One call that fails fails the test.</summary>
internal sealed class HonestClient : IAsyncDisposable
{
    private const int Enough = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private readonly Http3Handler _handler;
    private readonly HttpClient _http;
    private readonly GrpcClient _grpc;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _calling;
    private int _calls;
    private long _longest;

    internal HonestClient(TransportEngine engine, Uri address)
    {
        _handler = NewHandler(engine);
        _http = new HttpClient(_handler, disposeHandler: false) { BaseAddress = address, DefaultRequestVersion = HttpVersion.Version30, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        _grpc = new GrpcClient(address, _http);
        _calling = CallAsync();
    }

    internal int Calls => Volatile.Read(ref _calls);

    /// <summary>How long the longest call took, milliseconds.</summary>
    internal long Longest => Volatile.Read(ref _longest);

    internal static Http3Handler NewHandler(TransportEngine engine) => new(new Http3HandlerOptions
    {
        Engine = engine,
        MaxConnectionsPerServer = 1,
        Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
    });

    /// <summary>Waits until it was served some more times.</summary>
    internal async Task ServedAsync()
    {
        int until = Calls + Enough;
        await Waiting.Until(() => Calls >= until || _calling.IsCompleted, "the honest client is served");
        if (_calling.IsCompleted)
        {
            await _calling;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _calling.WithTimeout();
        _grpc.Dispose();
        _http.Dispose();
        await _handler.DisposeAsync();
        _stop.Dispose();
    }

    private async Task CallAsync()
    {
        using var pace = new PeriodicTimer(Pause);
        while (!_stop.IsCancellationRequested)
        {
            long start = Environment.TickCount64;
            if (_calls % 2 == 0)
            {
                Assert.AreEqual(BesiegedSite.Hello, await _http.GetStringAsync(new Uri("/hello", UriKind.Relative)).WithTimeout());
            }
            else
            {
                await CallGrpcAsync();
            }

            _longest = Math.Max(_longest, Environment.TickCount64 - start);
            Interlocked.Increment(ref _calls);
            await pace.WaitForNextTickAsync();
        }
    }

    // Kestrel rejects a request whose headers it has not read in time, as on a machine that does not let it run. The handler sends one without content again by itself; this one has some.
    private async Task CallGrpcAsync()
    {
        try
        {
            await _grpc.UnaryAsync(InteropMethods.EmptyCall, new Empty()).WithTimeout();
        }
        catch (GrpcException exception) when (exception.IsSafeToRetry)
        {
            await _grpc.UnaryAsync(InteropMethods.EmptyCall, new Empty()).WithTimeout();
        }
    }
}
