namespace Net.MsQuic.Internal;

/// <summary>Counts work that goes on in the background, so that its owner can wait for the end of it.</summary>
internal sealed class BackgroundWork
{
    private readonly Lock _lock = new();
    private int _count;
    private TaskCompletionSource? _drained;

    /// <summary>Notes that a piece of work begins.</summary>
    /// <returns><c>false</c> when the owner waits for the end already, and nothing new may begin.</returns>
    internal bool TryEnter()
    {
        lock (_lock)
        {
            if (_drained is not null)
            {
                return false;
            }

            _count++;
            return true;
        }
    }

    /// <summary>Notes that a piece of work is over.</summary>
    internal void Leave()
    {
        lock (_lock)
        {
            if (--_count == 0)
            {
                _drained?.TrySetResult();
            }
        }
    }

    /// <summary>Lets no new work begin, and waits for the end of what goes on.</summary>
    /// <returns>A task.</returns>
    internal Task DrainAsync()
    {
        lock (_lock)
        {
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_count == 0)
            {
                _drained.TrySetResult();
            }

            return _drained.Task;
        }
    }

    /// <summary>Lets whoever waits go on although work is left, because its owner will hear no more of it.</summary>
    internal void Abandon()
    {
        lock (_lock)
        {
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _drained.TrySetResult();
        }
    }
}
