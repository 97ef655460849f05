namespace Net.Chaos.Tcp;

/// <summary>How a direction of a connection ends.</summary>
internal enum StreamEnd
{
    /// <summary>The sender ended its side; the other direction goes on.</summary>
    Finished,

    /// <summary>Both directions are closed.</summary>
    Closed,

    /// <summary>Both directions are closed with a reset: what was not yet sent is lost.</summary>
    Reset,
}
