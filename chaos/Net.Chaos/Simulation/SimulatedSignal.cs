namespace Net.Chaos.Simulation;

/// <summary>Something that comes once. Each who asks for its task is given one of its own: of several who await one task, the platform lets only one go on at once, and sends the others to the thread pool.</summary>
/// <typeparam name="T">What comes.</typeparam>
internal sealed class SimulatedSignal<T>
{
    private readonly List<TaskCompletionSource<T>> _asked = [];
    private Task<T>? _outcome;

    internal bool IsOver => _outcome is not null;

    internal Task<T> Task
    {
        get
        {
            if (_outcome is not null)
            {
                return _outcome;
            }

            var source = new TaskCompletionSource<T>();
            _asked.Add(source);
            return source.Task;
        }
    }

    internal bool TrySetResult(T result) => TryEnd(System.Threading.Tasks.Task.FromResult(result), s => s.TrySetResult(result));

    internal bool TrySetException(Exception exception) => TryEnd(System.Threading.Tasks.Task.FromException<T>(exception), s => s.TrySetException(exception));

    // In the order of asking, those that go on at once included.
    private bool TryEnd(Task<T> outcome, Action<TaskCompletionSource<T>> tell)
    {
        if (_outcome is not null)
        {
            return false;
        }

        _outcome = outcome;
        _ = outcome.Exception;
        foreach (TaskCompletionSource<T> source in _asked)
        {
            tell(source);
            _ = source.Task.Exception;
        }

        _asked.Clear();
        return true;
    }
}
