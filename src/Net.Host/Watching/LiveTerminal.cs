namespace Net.Hosting.Watching;

/// <summary>A terminal that a command draws on again and again while it reads keys. Disposing it gives the terminal back as it was.</summary>
internal abstract class LiveTerminal : IDisposable
{
    /// <summary>Columns and rows now; both at least 1.</summary>
    internal abstract (int Width, int Height) Size { get; }

    /// <summary>Takes the terminal: what stood on it comes back with <see cref="Dispose"/>.</summary>
    internal abstract void Open();

    /// <summary>Writes text with control sequences.</summary>
    internal abstract void Write(string text);

    /// <summary>Waits for a key, or until the size changes.</summary>
    /// <returns>The key; <c>null</c>: draw again, the size has changed.</returns>
    internal abstract Task<ConsoleKeyInfo?> ReadKeyAsync(CancellationToken cancellationToken);

    public abstract void Dispose();
}
