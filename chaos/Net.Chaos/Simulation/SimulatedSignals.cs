namespace Net.Chaos.Simulation;

/// <summary>Signals that follow tasks of others.</summary>
internal static class SimulatedSignals
{
    /// <summary>Passes on what has become of a task, if it is over.</summary>
    internal static void Follow(this SimulatedSignal<bool> signal, Task task)
    {
        if (signal.IsOver || !task.IsCompleted)
        {
            return;
        }

        if (task.IsCompletedSuccessfully)
        {
            signal.TrySetResult(true);
        }
        else
        {
            signal.TrySetException(task.Exception?.InnerException ?? new TaskCanceledException(task));
        }
    }
}
