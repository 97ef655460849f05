using Net.Aql;
using Net.Grpc;

namespace Net.Hosting.Benchmarking;

/// <summary>One caller's worth of load: calls one after the other, as fast as they come back or when their time has come.</summary>
internal sealed class BenchWorker(BenchCaller caller, LatencyHistogram latencies) : IAsyncDisposable
{
    // A server that refuses everything is not worth more of these; each was counted.
    private const int MaxFailuresInARow = 100;

    internal async Task RunAsync(BenchPhase phase, bool isMeasured, CancellationToken cancellationToken)
    {
        int failures = 0;
        while (failures < MaxFailuresInARow && !cancellationToken.IsCancellationRequested && caller.IsOpen && phase.TryTake(out long? due))
        {
            try
            {
                if (due is long at)
                {
                    await phase.WaitAsync(at, cancellationToken).ConfigureAwait(false);
                }

                TimeSpan time = await caller.CallAsync(cancellationToken).ConfigureAwait(false);
                failures = 0;
                if (isMeasured)
                {
                    // From when the call was due, so that waiting behind a slow one counts for those that had to wait.
                    latencies.Record(due is long since ? phase.ElapsedSince(since) : time);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is TransportException or GrpcException or AqlException or HostException or InvalidOperationException)
            {
                failures++;
                phase.AddError(exception);
                await caller.ResetAsync().ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync() => caller.DisposeAsync();
}
