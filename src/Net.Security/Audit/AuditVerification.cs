namespace Net.Security;

/// <summary>What came of checking an audit.</summary>
public sealed record AuditVerification
{
    /// <summary>Files that were read.</summary>
    public required int Files { get; init; }

    /// <summary>Entries that are whole and in order, before the first that is not.</summary>
    public required long Entries { get; init; }

    /// <summary>The number of the first entry; above 1 when older files have been removed. 0: there is none.</summary>
    public required long FirstSequence { get; init; }

    /// <summary>The number of the last good entry. 0: there is none.</summary>
    public required long LastSequence { get; init; }

    /// <summary>The hash of the last good entry: what to note elsewhere, as nothing in the files can show that entries are missing at their end.</summary>
    public required string LastHash { get; init; }

    /// <summary>Bytes at the end of the last file that are no whole entry: one that is being written, or that a crash cut short.</summary>
    public required long UnfinishedBytes { get; init; }

    /// <summary>The file with the first bad line; <c>null</c>: there is none.</summary>
    public string? BrokenFile { get; init; }

    /// <summary>The number of that line in its file, from 1.</summary>
    public long BrokenLine { get; init; }

    /// <summary>What is wrong with it.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether every entry is as it was written, and none is missing between the first and the last.</summary>
    public bool IsIntact => BrokenFile is null;
}
