namespace Net.Server;

/// <summary>Counts what is under way and tells when nothing is any more.</summary>
internal sealed class InFlight
{
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private int _isEnding;

    internal int Count => Volatile.Read(ref _count);

    /// <summary>Counts one more.</summary>
    /// <param name="limit">How many there may be.</param>
    /// <returns><c>false</c> when there are as many already; nothing is counted then.</returns>
    internal bool TryEnter(int limit)
    {
        if (Interlocked.Increment(ref _count) <= limit)
        {
            return true;
        }

        Exit();
        return false;
    }

    /// <summary>Counts one less.</summary>
    internal void Exit()
    {
        if (Interlocked.Decrement(ref _count) == 0 && Volatile.Read(ref _isEnding) != 0)
        {
            _idle.TrySetResult();
        }
    }

    /// <summary>Waits until nothing is under way. To be called when no more will enter.</summary>
    /// <returns>A task that completes when the count is 0.</returns>
    internal Task WhenIdle()
    {
        Interlocked.Exchange(ref _isEnding, 1);
        if (Volatile.Read(ref _count) == 0)
        {
            _idle.TrySetResult();
        }

        return _idle.Task;
    }
}
