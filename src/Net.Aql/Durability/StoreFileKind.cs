namespace Net.Aql;

/// <summary>What a store's file holds.</summary>
internal enum StoreFileKind
{
    /// <summary>Commits, one frame for each time that the disk was waited for.</summary>
    Log,

    /// <summary>All rows after some commit.</summary>
    Snapshot,
}
