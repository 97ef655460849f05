namespace Net.Chaos.Ledgers;

/// <summary>How a call ended, as its caller saw it.</summary>
internal enum CallResult
{
    /// <summary>It has none yet.</summary>
    None = 0,

    /// <summary>The answer came and was the right one.</summary>
    Ok,

    /// <summary>It failed, and it is proved that no server processed it.</summary>
    Refused,

    /// <summary>A server answered that it failed, or the answer was wrong.</summary>
    Failed,

    /// <summary>Nobody can say whether a server processed it: its time was over, or the connection was lost.</summary>
    Unknown,
}
