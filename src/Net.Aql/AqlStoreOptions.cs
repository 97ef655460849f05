namespace Net.Aql;

/// <summary>How a store is opened.</summary>
public sealed record AqlStoreOptions
{
    /// <summary>The defaults.</summary>
    public static AqlStoreOptions Default { get; } = new();

    /// <summary>The limits. Default <see cref="AqlLimits.Default"/>.</summary>
    /// <remarks>Set it for the memory and disk of the machine, first of all <see cref="AqlLimits.MaxTotalBytes"/>.</remarks>
    public AqlLimits Limits { get; init; } = AqlLimits.Default;

    /// <summary>
    /// Bytes of log after which all rows are written to a snapshot and the log begins anew. Default 64 MiB; range 4 KiB to 1 TiB.
    /// The log always grows to at least the size of the last snapshot first, so that the work stays in proportion to what is written.
    /// </summary>
    /// <remarks>Smaller makes for a quicker start and more writing; larger for the opposite.</remarks>
    public long CompactionBytes { get; init; } = 64 << 20;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">At least one value is out of range; the message lists every fault with property, value and range.</exception>
    public void Validate()
    {
        Limits.Validate();
        var faults = new OptionFaults(nameof(AqlStoreOptions));
        faults.Range(nameof(CompactionBytes), CompactionBytes, 4 << 10, 1L << 40);
        faults.ThrowIfAny();
    }
}
