namespace Net.Client.Internal;

/// <summary>Counts the work that is under way, so that the end of all of it can be waited for.</summary>
internal sealed class TaskCount(TaskCreationOptions options)
{
    // One for the owner, who ends it by closing.
    private readonly TaskCompletionSource _ended = new(options);
    private int _count = 1;

    internal void Begin() => Interlocked.Increment(ref _count);

    internal void End()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _ended.TrySetResult();
        }
    }

    /// <summary>The owner begins no more.</summary>
    internal Task CloseAsync()
    {
        End();
        return _ended.Task;
    }
}
