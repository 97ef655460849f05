namespace Net.Testing;

/// <summary>Something that happens on a <see cref="MemoryNetwork"/> at a time, unless it is cancelled.</summary>
/// <param name="action">What happens.</param>
internal sealed class MemoryEvent(Action action)
{
    /// <summary>Whether it will not happen any more.</summary>
    public bool IsCancelled { get; private set; }

    /// <summary>Keeps it from happening.</summary>
    public void Cancel() => IsCancelled = true;

    /// <summary>Makes it happen unless cancelled.</summary>
    public void Run()
    {
        if (!IsCancelled)
        {
            IsCancelled = true;
            action();
        }
    }
}
