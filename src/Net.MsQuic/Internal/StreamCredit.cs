namespace Net.MsQuic.Internal;

/// <summary>Counts how many streams of each kind can be opened without waiting for the peer.</summary>
/// <remarks>
/// System.Net.Quic reports only increments, relative to its own count, from which it takes each stream that is started, also one that has to wait. The same sum is kept here, so it may be
/// below zero for a while. On a server the library tells the first credit before anyone can listen: the count stays at zero there until the first stream has ended.
/// </remarks>
internal sealed class StreamCredit
{
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bidirectional;
    private long _unidirectional;
    private Action<StreamDirection>? _changed;

    /// <summary>Whether the peer's credit was reported at least once.</summary>
    internal bool IsKnown => _known.Task.IsCompleted;

    /// <summary>Waits until the peer's credit was reported at least once.</summary>
    /// <param name="patience">How long at most.</param>
    /// <param name="timeProvider">What measures it.</param>
    internal async Task WhenKnownAsync(TimeSpan patience, TimeProvider timeProvider)
    {
        try
        {
            await _known.Task.WaitAsync(patience, timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The peer may grant nothing.
        }
    }

    /// <summary>How many can be opened now.</summary>
    /// <param name="direction">The kind.</param>
    /// <returns>The number, not below zero.</returns>
    internal int Available(StreamDirection direction) => (int)Math.Clamp(Interlocked.Read(ref Counter(direction)), 0, int.MaxValue);

    /// <summary>Has the owner told of increments from now on.</summary>
    /// <param name="changed">What to call, on any thread.</param>
    internal void Subscribe(Action<StreamDirection> changed) => Volatile.Write(ref _changed, changed);

    /// <summary>Takes increments in.</summary>
    /// <param name="bidirectional">Further bidirectional streams.</param>
    /// <param name="unidirectional">Further unidirectional streams.</param>
    internal void Add(int bidirectional, int unidirectional)
    {
        Interlocked.Add(ref _bidirectional, bidirectional);
        Interlocked.Add(ref _unidirectional, unidirectional);
        _known.TrySetResult();
        Action<StreamDirection>? changed = Volatile.Read(ref _changed);
        if (changed is null)
        {
            return;
        }

        if (bidirectional > 0)
        {
            changed(StreamDirection.Bidirectional);
        }

        if (unidirectional > 0)
        {
            changed(StreamDirection.Unidirectional);
        }
    }

    /// <summary>Notes that a stream was started.</summary>
    /// <param name="direction">The kind.</param>
    internal void Take(StreamDirection direction) => Interlocked.Decrement(ref Counter(direction));

    private ref long Counter(StreamDirection direction) => ref direction == StreamDirection.Bidirectional ? ref _bidirectional : ref _unidirectional;
}
