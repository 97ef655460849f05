namespace Net.Client;

/// <summary>How a file of end points is watched.</summary>
public sealed record FileResolverOptions
{
    /// <summary>The defaults.</summary>
    public static FileResolverOptions Default { get; } = new();

    /// <summary>How often the file's content is looked at. Default 1 s; range 10 ms to 1 hour.</summary>
    /// <remarks>It costs a read of a small file; longer where the file is on a network.</remarks>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A larger file is refused unread. Default 1 MiB; range 1 KiB to 64 MiB.</summary>
    /// <remarks>An end point takes about a hundred bytes; leave it, unless there are thousands.</remarks>
    public int MaxBytes { get; init; } = 1024 * 1024;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(FileResolverOptions));
        faults.Range(nameof(Interval), Interval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        faults.Range(nameof(MaxBytes), MaxBytes, 1024, 64 * 1024 * 1024);
        faults.ThrowIfAny();
    }
}
