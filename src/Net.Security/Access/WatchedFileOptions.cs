namespace Net.Security;

/// <summary>How a file is watched.</summary>
public sealed record WatchedFileOptions
{
    /// <summary>How often its content is looked at. Default 1 s; range 10 ms to 1 h.</summary>
    /// <remarks>It is how long a change takes to be seen. Raise it where the file is on a slow network mount.</remarks>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes that it may have. Default 1 MiB; range 1 to 16 MiB.</summary>
    /// <remarks>It bounds the memory of one reading. Raise it for a file that has outgrown it.</remarks>
    public int MaxBytes { get; init; } = 1 << 20;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(WatchedFileOptions));
        faults.Range(nameof(Interval), Interval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        faults.Range(nameof(MaxBytes), MaxBytes, 1, 16 << 20);
        faults.ThrowIfAny();
    }
}
