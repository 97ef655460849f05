namespace Net.Http3;

/// <summary>What a <see cref="ResponseReader"/> came upon.</summary>
internal enum ResponseEvent
{
    /// <summary>Nothing new: more bytes are needed.</summary>
    NeedMore = 0,

    /// <summary>A header section waits for the QPACK encoder stream.</summary>
    Blocked,

    /// <summary>An interim response is over.</summary>
    Informational,

    /// <summary>The final response's headers are there.</summary>
    Head,

    /// <summary>Content was copied.</summary>
    Data,

    /// <summary>The response is over and whole.</summary>
    End,
}
