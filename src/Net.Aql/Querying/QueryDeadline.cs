using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>When a query's time is over, and whether anybody still wants its answer.</summary>
internal sealed class QueryDeadline
{
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan? _limit;

    /// <summary>Begins to count.</summary>
    /// <param name="limit">How long; <c>null</c>: for ever.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Cancelled when the caller has gone.</param>
    internal QueryDeadline(TimeSpan? limit, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        _timeProvider = timeProvider;
        _limit = limit;
        Start = timeProvider.GetTimestamp();
        CancellationToken = cancellationToken;
    }

    internal long Start { get; }

    internal CancellationToken CancellationToken { get; }

    /// <summary>What is left; <c>null</c>: no limit.</summary>
    internal TimeSpan? Remaining => _limit is TimeSpan limit ? limit - _timeProvider.GetElapsedTime(Start) : null;

    internal ulong ElapsedMilliseconds => (ulong)Math.Max(0, _timeProvider.GetElapsedTime(Start).TotalMilliseconds);

    /// <exception cref="AqlException">The time is over.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    internal void ThrowIfOver()
    {
        CancellationToken.ThrowIfCancellationRequested();
        if (Remaining <= TimeSpan.Zero)
        {
            throw new AqlException(ErrorCode.NetworkTimeout, $"The query was stopped after {_limit!.Value.TotalMilliseconds:0} ms, its timeout. It changed nothing.");
        }
    }

    /// <summary>Waits for the disk.</summary>
    /// <exception cref="AqlException">The time is over, or the disk failed.</exception>
    internal async Task WaitAsync(Task durable)
    {
        try
        {
            await durable.WaitAsync(Remaining is TimeSpan left ? Max(left, TimeSpan.Zero) : Timeout.InfiniteTimeSpan, _timeProvider, CancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!durable.IsCompleted)
        {
            throw new AqlException(
                ErrorCode.NetworkTimeout,
                $"The write is on its way to the disk and was not there after {_limit!.Value.TotalMilliseconds:0} ms, the timeout. It may or may not take effect: read it, or write it again.");
        }
    }

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
