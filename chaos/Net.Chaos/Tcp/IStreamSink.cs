namespace Net.Chaos.Tcp;

/// <summary>Where a direction of a connection ends: what came through the toxics. Called under the lock of the direction.</summary>
internal interface IStreamSink
{
    /// <summary>Takes a chunk, which now belongs to the sink.</summary>
    void Write(StreamChunk chunk);

    /// <summary>Nothing more will come; this takes effect after what was written before.</summary>
    void End(StreamEnd end);
}
