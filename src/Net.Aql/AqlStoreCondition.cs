namespace Net.Aql;

/// <summary>Whether a store can be written to. It can be read in every condition but <see cref="Closed"/>.</summary>
public enum AqlStoreCondition
{
    /// <summary>Reads and writes.</summary>
    Healthy,

    /// <summary>The disk was full at the last write. Each further write tries anew, so that the store heals as soon as there is room.</summary>
    Full,

    /// <summary>The disk failed, or the log could not be brought back to what is known to be good. Writes are refused until the store is opened again.</summary>
    Failed,

    /// <summary>The store was disposed.</summary>
    Closed,
}
