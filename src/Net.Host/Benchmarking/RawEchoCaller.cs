using System.Runtime.CompilerServices;
using Net.Client;
using Net.Hosting.Echoing;

namespace Net.Hosting.Benchmarking;

/// <summary>Echoes over raw streams, on the same stream or on a new one each.</summary>
internal sealed class RawEchoCaller(
    TransportConnection connection, RawStreamClient client, BenchOptions options, byte[] payload, TimeProvider timeProvider) : BenchCaller
{
    private readonly RawStreamOptions _streamOptions = new() { Idempotency = Idempotency.NoSideEffects, Metadata = options.Target.Metadata };
    private RawStream? _stream;
    private EchoExchange? _exchange;

    internal override bool IsOpen => !connection.Closed.IsCompleted;

    internal override ValueTask<TimeSpan> CallAsync(CancellationToken cancellationToken) =>
        options.NewStream ? EchoOnNewStreamAsync(cancellationToken) : EchoOnOwnStreamAsync(cancellationToken);

    internal override async ValueTask ResetAsync()
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
                options.Target.Route, _streamOptions, cancellationToken).ConfigureAwait(false);
            _exchange = new EchoExchange(_stream, timeProvider);
        }

        return await _exchange.EchoAsync(payload).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TimeSpan> EchoOnNewStreamAsync(CancellationToken cancellationToken)
    {
        long started = timeProvider.GetTimestamp();
        RawStream stream = await client.OpenAsync(
            options.Target.Route, _streamOptions, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await new EchoExchange(stream, timeProvider).EchoWholeAsync(payload).ConfigureAwait(false);
        }

        return timeProvider.GetElapsedTime(started);
    }
}
