namespace Net.Testing;

/// <summary>A wait that can be failed without knowing what it waits for.</summary>
internal interface IMemoryWait
{
    /// <summary>Ends the wait badly.</summary>
    /// <param name="exception">Why.</param>
    /// <returns>Whether this decided the outcome.</returns>
    bool TrySetException(Exception exception);
}
