namespace Net;

/// <summary>Where those go on who wait for something inside a session or a call: on the thread pool, or on one thread, step by step, in a simulation.</summary>
internal abstract class Continuations
{
    internal static Continuations OnThreadPool { get; } = new Threads();

    /// <summary>How tasks are made whose waiters must not go on inside whoever completes them.</summary>
    internal abstract TaskCreationOptions WaiterOptions { get; }

    /// <summary>Completes a task that was made so, unless it is complete. Who waits for it goes on after this call, not inside it.</summary>
    internal abstract void Complete(TaskCompletionSource source);

    /// <summary>Cancels a source that is not disposed. What is registered with it runs after this call, not inside it.</summary>
    internal abstract void Cancel(CancellationTokenSource source);

    private sealed class Threads : Continuations
    {
        internal override TaskCreationOptions WaiterOptions => TaskCreationOptions.RunContinuationsAsynchronously;

        internal override void Complete(TaskCompletionSource source) => source.TrySetResult();

        internal override void Cancel(CancellationTokenSource source) => _ = source.CancelAsync();
    }
}
