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

    /// <summary>Waits for a turn to write.</summary>
    /// <exception cref="AqlException">The time is over.</exception>
    internal async Task EnterAsync(SemaphoreSlim gate)
    {
        // Mostly nobody else writes at this moment, and no timer is needed.
        if (gate.Wait(0, CancellationToken.None))
        {
            return;
        }

        using CancellationTokenSource? over = Remaining is TimeSpan left ? new CancellationTokenSource(Max(left, TimeSpan.Zero), _timeProvider) : null;
        using CancellationTokenSource? either = over is null ? null : CancellationTokenSource.CreateLinkedTokenSource(over.Token, CancellationToken);
        try
        {
            await gate.WaitAsync(either?.Token ?? CancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!CancellationToken.IsCancellationRequested)
        {
            throw new AqlException(ErrorCode.NetworkTimeout, $"Other writers took longer than {_limit!.Value.TotalMilliseconds:0} ms, the timeout. The query changed nothing.");
        }
        catch (OperationCanceledException)
        {
            // With the caller's own token, not the one that joins it with the time.
            throw new OperationCanceledException(CancellationToken);
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
