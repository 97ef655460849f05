namespace Net.Security;

/// <summary>A token bucket as one number: the moment at which it will be full again (the generic cell rate algorithm). No lock, no timer, no allocation.</summary>
/// <remarks>The framework's own limiter takes no clock, so that it could not be tested under virtual time; see the decision record 0014.</remarks>
internal sealed class RateBucket
{
    private long _full = long.MinValue;

    /// <summary>Takes one token.</summary>
    /// <param name="now">The time, in ticks of any clock that does not go back.</param>
    /// <param name="interval">Ticks in which one token grows.</param>
    /// <param name="burst">Tokens of a full bucket.</param>
    /// <param name="wait">Ticks until there is one, when there is none.</param>
    /// <returns>Whether there was one.</returns>
    internal bool TryTake(long now, long interval, int burst, out long wait)
    {
        while (true)
        {
            long full = Volatile.Read(ref _full);
            long next = Math.Max(full, now) + interval;
            wait = next - now - (interval * burst);
            if (wait > 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _full, next, full) == full)
            {
                wait = 0;
                return true;
            }
        }
    }

    /// <summary>Whether there is a token, without taking it.</summary>
    internal bool HasToken(long now, long interval, int burst, out long wait)
    {
        wait = Math.Max(Volatile.Read(ref _full), now) + interval - now - (interval * burst);
        return wait <= 0;
    }

    /// <summary>Whether it is full: then forgetting it changes nothing.</summary>
    internal bool IsFull(long now) => Volatile.Read(ref _full) <= now;
}
