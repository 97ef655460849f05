using System.Runtime.CompilerServices;
using Net.Client;
using Net.Hosting.Echoing;

namespace Net.Hosting.Benchmarking;

/// <summary>One stream's worth of load: one echo after the other, on the same stream or on a new one each.</summary>
internal sealed class BenchWorker(
    TransportConnection connection, RawStreamClient client, BenchOptions options, byte[] payload, LatencyHistogram latencies, TimeProvider timeProvider) : IAsyncDisposable
{
    // A server that refuses everything is not worth more of these; each was counted.
    private const int MaxFailuresInARow = 100;

    private RawStream? _stream;
    private EchoExchange? _exchange;

    internal async Task RunAsync(BenchPhase phase, bool isMeasured, CancellationToken cancellationToken)
    {
        int failures = 0;
        while (failures < MaxFailuresInARow && !cancellationToken.IsCancellationRequested && !connection.Closed.IsCompleted && phase.TryTake())
        {
            try
            {
                TimeSpan time = options.NewStream
                    ? await EchoOnNewStreamAsync(cancellationToken).ConfigureAwait(false)
                    : await EchoOnOwnStreamAsync(cancellationToken).ConfigureAwait(false);
                failures = 0;
                if (isMeasured)
                {
                    latencies.Record(time);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is TransportException or HostException or InvalidOperationException)
            {
                failures++;
                phase.AddError(exception);
                await DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is RawStream stream)
        {
            _stream = null;
            _exchange = null;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TimeSpan> EchoOnOwnStreamAsync(CancellationToken cancellationToken)
    {
        if (_exchange is null)
        {
            // Without a deadline: the runner watches that echoes come back at all.
            _stream = await client.OpenAsync(
                options.Target.Route, new RawStreamOptions { Idempotency = Idempotency.NoSideEffects }, cancellationToken).ConfigureAwait(false);
            _exchange = new EchoExchange(_stream, timeProvider);
        }

        return await _exchange.EchoAsync(payload).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TimeSpan> EchoOnNewStreamAsync(CancellationToken cancellationToken)
    {
        long started = timeProvider.GetTimestamp();
        RawStream stream = await client.OpenAsync(
            options.Target.Route, new RawStreamOptions { Idempotency = Idempotency.NoSideEffects }, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await new EchoExchange(stream, timeProvider).EchoWholeAsync(payload).ConfigureAwait(false);
        }

        return timeProvider.GetElapsedTime(started);
    }
}
