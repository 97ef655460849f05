namespace Net.Chaos.Scenarios;

/// <summary>What a load does.</summary>
internal enum LoadKind
{
    /// <summary>gRPC unary echo.</summary>
    Unary,

    /// <summary>gRPC bidirectional echo, kept open.</summary>
    Duplex,

    /// <summary>Raw echo streams, kept open.</summary>
    Stream,

    /// <summary>Raw echo streams that are written as fast as they take bytes, and read slowly.</summary>
    Slow,

    /// <summary>A raw stream for each call.</summary>
    Raw,

    /// <summary>Large transfers over raw streams, one after the other.</summary>
    Bulk,

    /// <summary>AQL writes of new keys, read back in the end.</summary>
    Write,
}
