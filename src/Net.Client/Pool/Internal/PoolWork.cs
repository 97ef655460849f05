namespace Net.Client.Internal;

/// <summary>Where the pool's own work runs and its waiters go on: the thread pool, or one thread step by step in a simulation.</summary>
internal abstract class PoolWork
{
    internal static PoolWork OnThreadPool { get; } = new Threads();

    /// <summary>How the tasks of waiters are made.</summary>
    internal abstract TaskCreationOptions WaiterOptions { get; }

    /// <summary>Whether all runs on one thread, so that chance needs no place per thread.</summary>
    internal abstract bool IsSingleThreaded { get; }

    /// <summary>Runs a piece of work soon, never inside this call.</summary>
    internal abstract void Post(IThreadPoolWorkItem item);

    private sealed class Threads : PoolWork
    {
        // Whoever completes a waiter goes on with its own work; the waiter's must not run inside.
        internal override TaskCreationOptions WaiterOptions => TaskCreationOptions.RunContinuationsAsynchronously;

        internal override bool IsSingleThreaded => false;

        internal override void Post(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
    }
}
