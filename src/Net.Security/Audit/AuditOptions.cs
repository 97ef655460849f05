namespace Net.Security;

/// <summary>How the audit is kept.</summary>
public sealed record AuditOptions
{
    /// <summary>The shortest key of the chain, in bytes.</summary>
    public const int MinKeyBytes = 32;

    /// <summary>Where its files are. Made where it is missing, for its owner alone. Not a symbolic link.</summary>
    /// <remarks>On a disk of its own, or one that nothing else can fill; back it up with the key kept elsewhere.</remarks>
    public required string Directory { get; init; }

    /// <summary>The key of the chain (HMAC-SHA256). Default empty: plain SHA-256, which shows damage and careless changes, but not those of somebody who works the chain out anew.</summary>
    /// <remarks>Give one, from a secret store, where the audit must convince somebody else. Without it who can write the files can rewrite history.</remarks>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Bytes of a file before the next is begun. Default 64 MiB; range 4 KiB to 16 GiB.</summary>
    /// <remarks>With <see cref="MaxFiles"/> it bounds the disk space: the product of both.</remarks>
    public long MaxFileBytes { get; init; } = 64 << 20;

    /// <summary>How old a file may become before the next is begun. Default 1 day; range 1 s to 366 days.</summary>
    /// <remarks>A day makes files easy to find and to archive. It matters for servers with few entries.</remarks>
    public TimeSpan MaxFileAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Files that are kept; the oldest go. Default 90; range 2 to 100,000.</summary>
    /// <remarks>As long as entries must be kept on the machine: 90 days with a file a day. Archive them elsewhere before the oldest goes.</remarks>
    public int MaxFiles { get; init; } = 90;

    /// <summary>Entries that wait to be written before further ones count as not writable. Default 10,000; range 1 to 10^6.</summary>
    /// <remarks>It absorbs what comes while the disk is slow. Beyond it <see cref="OnFailure"/> decides.</remarks>
    public int MaxQueued { get; init; } = 10_000;

    /// <summary>Whether each batch of entries is forced to the disk (fsync) before the next is taken. Default <c>true</c>: a power failure loses what waits, no more. <c>false</c>: the system writes when it likes.</summary>
    /// <remarks>Turn it off only where losing the last seconds at a power failure is acceptable.</remarks>
    public bool FlushToDisk { get; init; } = true;

    /// <summary>What happens to calls while it cannot be written. Default <see cref="AuditFailurePolicy.RefuseCalls"/>.</summary>
    /// <remarks>Keep the default where every call must be accounted for; go on instead where availability matters more, and watch the alarm.</remarks>
    public AuditFailurePolicy OnFailure { get; init; }

    /// <summary>How long to wait before writing is tried again after it failed. Default 1 s; range 10 ms to 1 h.</summary>
    /// <remarks>It is how soon calls are taken again once the disk is well.</remarks>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Entries of refusals per second; what is above is counted in the next one. Default 100; range 1 to 10^6. So that who is refused often cannot fill the disk.</summary>
    /// <remarks>Raise it where each refusal counts and the disk bears it.</remarks>
    public int MaxRefusalsPerSecond { get; init; } = 100;

    /// <summary>Whether calls that are allowed are written, too. Default <c>false</c>: logins, refusals, and what concerns the server.</summary>
    /// <remarks>Turn it on where rules demand it, and size files and disk for an entry per call.</remarks>
    public bool IncludeAllowedCalls { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(AuditOptions));
        if (string.IsNullOrEmpty(Directory) || Directory.Contains('\0', StringComparison.Ordinal))
        {
            faults.Add(nameof(Directory), "must name a directory.");
        }

        if (Key.Length is > 0 and < MinKeyBytes)
        {
            faults.Add(nameof(Key), $"has {Key.Length} bytes; it has none or at least {MinKeyBytes}.");
        }

        faults.Range(nameof(MaxFileBytes), MaxFileBytes, 4 << 10, 16L << 30);
        faults.Range(nameof(MaxFileAge), MaxFileAge, TimeSpan.FromSeconds(1), TimeSpan.FromDays(366));
        faults.Range(nameof(MaxFiles), MaxFiles, 2, 100_000);
        faults.Range(nameof(MaxQueued), MaxQueued, 1, 1_000_000);
        faults.Range(nameof(RetryDelay), RetryDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        faults.Range(nameof(MaxRefusalsPerSecond), MaxRefusalsPerSecond, 1, 1_000_000);
        if (!Enum.IsDefined(OnFailure))
        {
            faults.Add(nameof(OnFailure), $"is {(int)OnFailure}, which is no policy.");
        }

        faults.ThrowIfAny();
    }
}
