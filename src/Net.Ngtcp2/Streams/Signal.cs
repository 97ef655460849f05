namespace Net.Ngtcp2.Streams;

/// <summary>Something that happens once, as a task that is only made when somebody asks for it. A field, never a copy: it changes in place.</summary>
internal struct Signal
{
    private static readonly TaskCompletionSource Succeeded = MakeSucceeded();
    private TaskCompletionSource? _source;

    /// <summary>The task.</summary>
    internal Task Task
    {
        get
        {
            TaskCompletionSource? source = Volatile.Read(ref _source);
            if (source is null)
            {
                var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                source = Interlocked.CompareExchange(ref _source, made, null) ?? made;
            }

            return source.Task;
        }
    }

    /// <summary>Whether it has happened.</summary>
    internal bool IsSet => Volatile.Read(ref _source)?.Task.IsCompleted ?? false;

    /// <summary>Lets it happen; only the first call counts.</summary>
    internal void Set()
    {
        TaskCompletionSource? source = Interlocked.CompareExchange(ref _source, Succeeded, null);
        source?.TrySetResult();
    }

    /// <summary>Lets it fail; only the first call counts.</summary>
    internal void Fail(Exception exception)
    {
        TaskCompletionSource source = _source ?? NewSource();
        if (source.TrySetException(exception))
        {
            // Nobody has to look at the failure: it is also what reads and writes throw.
            _ = source.Task.Exception;
        }
    }

    private static TaskCompletionSource MakeSucceeded()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private TaskCompletionSource NewSource()
    {
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _source, made, null) ?? made;
    }
}
