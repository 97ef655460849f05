namespace Net.Client;

/// <summary>Tells that a resolution failed.</summary>
/// <param name="failure">What went wrong.</param>
/// <param name="keepsOld">Whether an earlier list stays in use.</param>
public sealed class ResolveFailedEventArgs(Exception failure, bool keepsOld) : EventArgs
{
    /// <summary>What went wrong; its message says what, where and how to mend it.</summary>
    public Exception Failure { get; } = failure;

    /// <summary>Whether the list found before stays in use; <c>false</c>: none was found yet.</summary>
    public bool KeepsOld { get; } = keepsOld;
}
