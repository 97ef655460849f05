namespace Net.Client;

/// <summary>The deadlines of all calls of a channel. Thread-safe.</summary>
/// <remarks>On the system's clock there are several queues, one of which a thread takes by the processor that it runs on, so that calls on many do not wait for one lock.</remarks>
internal sealed class CallDeadlines
{
    private const int MaxQueues = 16;

    private readonly DeadlineQueue[] _queues;

    internal CallDeadlines(TimeProvider clock)
    {
        // A clock that a program moves is moved by one thread, and says itself in which order things happen.
        bool isSystem = clock == TimeProvider.System;
        _queues = [.. Enumerable.Range(0, isSystem ? Math.Min(Environment.ProcessorCount, MaxQueues) : 1).Select(_ => new DeadlineQueue(clock, isSystem))];
    }

    internal DeadlineQueue Choose() => _queues.Length == 1 ? _queues[0] : _queues[(uint)Thread.GetCurrentProcessorId() % (uint)_queues.Length];

    /// <summary>From now on no timer outlives the last deadline. Those that run go on.</summary>
    internal void Close()
    {
        foreach (DeadlineQueue queue in _queues)
        {
            queue.Close();
        }
    }
}
