namespace Net.Ngtcp2.Streams;

/// <summary>What the application's side of a stream asks of the driver's side. Bits are set from any thread and taken all at once.</summary>
[Flags]
internal enum StreamWork
{
    None = 0,

    /// <summary>Bytes were flushed, or the output was completed.</summary>
    Send = 1,

    /// <summary>The application consumed enough that credit should go to the peer.</summary>
    Credit = 2,

    /// <summary>STOP_SENDING is wanted.</summary>
    AbortRead = 4,

    /// <summary>RESET_STREAM is wanted.</summary>
    AbortWrite = 8,

    /// <summary>The priority was changed.</summary>
    Priority = 32,

    /// <summary>The application disposed the stream.</summary>
    Release = 16,
}
