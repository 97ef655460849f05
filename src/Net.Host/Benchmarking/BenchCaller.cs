namespace Net.Hosting.Benchmarking;

/// <summary>Makes one call after the other: an echo, a gRPC call or a query.</summary>
internal abstract class BenchCaller : IAsyncDisposable
{
    /// <summary>Whether calls can still be made.</summary>
    internal abstract bool IsOpen { get; }

    /// <summary>Makes one call.</summary>
    /// <returns>How long it took.</returns>
    internal abstract ValueTask<TimeSpan> CallAsync(CancellationToken cancellationToken);

    /// <summary>Gives up what a failed call left behind, so that the next begins anew.</summary>
    internal virtual ValueTask ResetAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ResetAsync();
}
