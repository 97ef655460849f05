namespace Net.Http3.Interop;

/// <summary>Where the decoding of a field section stands.</summary>
internal enum QpackReadResult
{
    /// <summary>All bytes were used and the section goes on.</summary>
    NeedMore = 0,

    /// <summary>It waits for the encoder stream.</summary>
    Blocked,

    /// <summary>The section is over.</summary>
    End,
}
