using System.Diagnostics.CodeAnalysis;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Hosting.Calling;
using Net.Hosting.Echoing;
using Net.Hosting.Services;
using Net.Protocol.Echo;

namespace Net.Hosting.Watching;

/// <summary>A channel of our own to some end points, with a small load of echoes over gRPC.</summary>
internal sealed class OwnTopSource : TopSource
{
    // A server that does not answer is not worth more calls at a time.
    private const int MaxInFlight = 256;
    private static readonly TimeSpan ShortestTick = TimeSpan.FromMilliseconds(10);

    private readonly ClientChannel _channel;
    private readonly TransportEngine? _engine;
    private readonly GrpcClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _timeProvider;
    private readonly Task _load;
    private int _inFlight;

    private OwnTopSource(ClientChannel channel, TransportEngine? engine, TimeSpan timeout, int rate, TimeProvider timeProvider)
    {
        _channel = channel;
        _engine = engine;
        _timeProvider = timeProvider;
        _client = channel.CreateGrpcClient(new GrpcClientOptions { DefaultTimeout = timeout, TimeProvider = timeProvider });
        _load = rate == 0 ? Task.CompletedTask : LoadAsync(rate);
    }

    internal override string Name => "a channel of its own";

    /// <summary>Makes the channel and begins to call.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The source owns the channel, and disposes it.")]
    internal static async Task<OwnTopSource> OpenAsync(HostContext context, TopOptions options)
    {
        EchoTarget first = options.Targets[0];
        ClientTlsOptions tls = first.MakeTls(context.TimeProvider.GetUtcNow());
        TransportEngine? engine = await CallChannel.SelectEngineAsync(context, first).ConfigureAwait(false);
        var builder = new NetChannelBuilder();
        foreach (EchoTarget target in options.Targets)
        {
            builder.AddEndPoint(new ChannelEndPoint(target.EndPoint) { ServerName = target.ServerName });
        }

        builder.UseName("top").UseTls(ClientTlsSource.Fixed(tls)).UseClock(context.TimeProvider, new Random(context.Random.Next())).AddCircuitBreaker()
            .UseFallback(engine is null ? FallbackPolicy.Only : first.Http == HttpChoice.Http3 ? FallbackPolicy.Exact : FallbackPolicy.Prefer)

            // Everything is to be seen, also of end points that get no call.
            .UsePool(PoolOptions.Default with { MinConnections = 1 })
            .Configure(static pool => pool with { Balancing = Balancing.RoundRobin });
        if (engine is not null)
        {
            builder.UseEngine(engine);
        }

        return new OwnTopSource(builder.Build(), engine, options.Timeout, options.Rate, context.TimeProvider);
    }

    internal override Task<ChannelsDocument> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(ChannelsDocument.From([_channel.GetSnapshot()]));

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _load.ConfigureAwait(false);
        _client.Dispose();
        await _channel.DisposeAsync().ConfigureAwait(false);
        if (_engine is not null)
        {
            await _engine.DisposeAsync().ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private async Task LoadAsync(int rate)
    {
        TimeSpan distance = TimeSpan.FromSeconds(1.0 / rate);
        using var timer = new PeriodicTimer(distance > ShortestTick ? distance : ShortestTick, _timeProvider);
        long started = _timeProvider.GetTimestamp();
        long begun = 0;
        List<Task> calls = [];
        try
        {
            do
            {
                calls.RemoveAll(static call => call.IsCompleted);
                long due = (long)(_timeProvider.GetElapsedTime(started).TotalSeconds * rate) + 1;
                for (; begun < due; begun++)
                {
                    // What is due while too many calls hang is left out.
                    if (Volatile.Read(ref _inFlight) < MaxInFlight)
                    {
                        calls.Add(CallAsync());
                    }
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The source is disposed.
        }

        await Task.WhenAll(calls).ConfigureAwait(false);
    }

    private async Task CallAsync()
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            await _client.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "top" }, cancellationToken: _stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is GrpcException or TransportException or OperationCanceledException)
        {
            // The channel counts it, and its figures are what is shown.
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }
}
