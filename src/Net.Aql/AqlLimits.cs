namespace Net.Aql;

/// <summary>The limits of a store and its queries. Each one bounds memory, disk or work that a caller could otherwise make the host spend.</summary>
public sealed record AqlLimits
{
    /// <summary>Bytes that a row costs beside its key and value, as <see cref="MaxTotalBytes"/> counts.</summary>
    public const int RowOverhead = 128;

    /// <summary>Bytes of the longest name of a collection, in UTF-8.</summary>
    public const int MaxCollectionNameSize = 128;

    /// <summary>The defaults.</summary>
    public static AqlLimits Default { get; } = new();

    /// <summary>Bytes of the longest key. Default 4 KiB; range 1 to 64 KiB.</summary>
    /// <remarks>Keys are kept in memory and compared in each search: smaller is faster. Lower it where keys are known to be short.</remarks>
    public int MaxKeySize { get; init; } = 4 << 10;

    /// <summary>Bytes of the largest value. Default 1 MiB; range 1 to 64 MiB. A transport's limit on messages must leave room for it.</summary>
    /// <remarks>Raise it with <see cref="MaxCommitBytes"/> and <see cref="MaxResponseBytes"/>, which must have room for one such row, and with the message limits of servers and clients.</remarks>
    public int MaxValueSize { get; init; } = 1 << 20;

    /// <summary>Collections that hold rows at once. Default 1,024; range 1 to 10^6.</summary>
    /// <remarks>Raise it where collections are made for each tenant or day; each costs a little memory also when it is small.</remarks>
    public int MaxCollections { get; init; } = 1024;

    /// <summary>Bytes of all keys and values together, with <see cref="RowOverhead"/> for each row. Default 1 GiB; range 64 KiB to 1 TiB. All of it is in memory.</summary>
    /// <remarks>Well below the memory of the machine or container, as a snapshot and answers need some beside it. Writes beyond it are refused; reads and deletes go on.</remarks>
    public long MaxTotalBytes { get; init; } = 1L << 30;

    /// <summary>Queries in one batch. Default 1,000; range 1 to 10^6.</summary>
    /// <remarks>A batch holds up other writers while it runs: raise it for bulk loads, lower it where answers in time matter more.</remarks>
    public int MaxBatchQueries { get; init; } = 1000;

    /// <summary>Bytes that one query or batch may write. Default 16 MiB; range 64 KiB to 256 MiB, and room for one row of the largest size.</summary>
    /// <remarks>What one commit writes is held in memory until it is on the disk. Raise it for bulk loads.</remarks>
    public int MaxCommitBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of rows in one answer that is not a stream, a batch's rows together. Default 3.5 MiB, which leaves room below gRPC's usual 4 MiB for a message; range 64 KiB to 1 GiB, and room for one row of the largest size.</summary>
    /// <remarks>Raise it only with the message limit of the clients; who wants more rows should ask for a stream, which it does not bound.</remarks>
    public int MaxResponseBytes { get; init; } = (4 << 20) - (512 << 10);

    /// <summary>Bytes of writes that wait for the disk before further ones are refused. Default 64 MiB; range 64 KiB to 1 GiB.</summary>
    /// <remarks>It absorbs bursts while the disk is slow; at least <see cref="MaxCommitBytes"/>. Lower it to be refused sooner rather than to wait longer.</remarks>
    public int MaxPendingBytes { get; init; } = 64 << 20;

    /// <summary>Queries and batches that wait for their turn to write before further ones are refused. Default 10,000; range 1 to 10^6.</summary>
    /// <remarks>It bounds memory and waiting time under overload. Lower it so that callers are refused, and go elsewhere, sooner.</remarks>
    public int MaxWaitingWriters { get; init; } = 10_000;

    /// <summary>How deep <c>and</c>, <c>or</c> and <c>not</c> may nest. Default 40, about as deep as a message may nest; range 1 to 1,000.</summary>
    /// <remarks>The default is enough for what people write. Raise it for generated predicates, if transport and client nest messages that deep.</remarks>
    public int MaxPredicateDepth { get; init; } = 40;

    /// <summary>Comparisons in one predicate. Default 1,000; range 1 to 10^6.</summary>
    /// <remarks>Each row that is looked at may cost so many comparisons. Lower it where callers are not trusted; raise it for generated lists of alternatives.</remarks>
    public int MaxPredicateTerms { get; init; } = 1000;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">At least one value is out of range; the message lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(AqlLimits));
        faults.Range(nameof(MaxKeySize), MaxKeySize, 1, 64 << 10);
        faults.Range(nameof(MaxValueSize), MaxValueSize, 1, 64 << 20);
        faults.Range(nameof(MaxCollections), MaxCollections, 1, 1_000_000);
        faults.Range(nameof(MaxTotalBytes), MaxTotalBytes, 64 << 10, 1L << 40);
        faults.Range(nameof(MaxBatchQueries), MaxBatchQueries, 1, 1_000_000);
        faults.Range(nameof(MaxCommitBytes), MaxCommitBytes, 64 << 10, 256 << 20);
        faults.Range(nameof(MaxResponseBytes), MaxResponseBytes, 64 << 10, 1 << 30);
        faults.Range(nameof(MaxPendingBytes), MaxPendingBytes, 64 << 10, 1 << 30);
        faults.Range(nameof(MaxWaitingWriters), MaxWaitingWriters, 1, 1_000_000);
        faults.Range(nameof(MaxPredicateDepth), MaxPredicateDepth, 1, 1000);
        faults.Range(nameof(MaxPredicateTerms), MaxPredicateTerms, 1, 1_000_000);
        if (MaxCommitBytes < (long)MaxValueSize + MaxKeySize + MaxCollectionNameSize + RowOverhead)
        {
            faults.Add(nameof(MaxCommitBytes), $"is {MaxCommitBytes}; it must have room for one row of {nameof(MaxValueSize)} and {nameof(MaxKeySize)}.");
        }

        if (MaxPendingBytes < MaxCommitBytes)
        {
            faults.Add(nameof(MaxPendingBytes), $"is {MaxPendingBytes}; it must be at least {nameof(MaxCommitBytes)}, {MaxCommitBytes}.");
        }

        if (MaxResponseBytes < (long)MaxValueSize + MaxKeySize + RowOverhead)
        {
            faults.Add(nameof(MaxResponseBytes), $"is {MaxResponseBytes}; it must have room for one row of {nameof(MaxValueSize)} and {nameof(MaxKeySize)}.");
        }

        faults.ThrowIfAny();
    }
}
