namespace Net.Server.Kestrel.Checking;

/// <summary>Learns what a client says to the transport below HTTP/3.</summary>
internal interface IHttp3Observer
{
    /// <summary>The request of this stream asks for a priority in its headers (RFC 9218, section 5).</summary>
    void HandlePriority(StreamPriority priority);

    /// <summary>The client gives a request another priority (RFC 9218, section 7.1).</summary>
    void HandlePriorityUpdate(long streamId, StreamPriority priority);
}
