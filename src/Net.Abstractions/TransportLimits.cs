namespace Net;

/// <summary>The limits of one connection. Each one bounds memory or work that the peer could otherwise make this side spend.</summary>
public sealed record TransportLimits
{
    /// <summary>The defaults.</summary>
    public static TransportLimits Default { get; } = new();

    /// <summary>Bidirectional streams the peer may have open at once. Default 100; range 0 to 2^20. New ones are allowed as old ones end.</summary>
    /// <remarks>
    /// For servers: calls at once on each connection. Raise it for clients with many calls on few connections; each costs up to <see cref="StreamReceiveWindow"/>. Clients whose servers open no streams
    /// set 0.
    /// </remarks>
    public int MaxInboundBidirectionalStreams { get; init; } = 100;

    /// <summary>Unidirectional streams the peer may have open at once. Default 10; range 0 to 2^20.</summary>
    /// <remarks>HTTP/3 needs three; protocols without them set 0.</remarks>
    public int MaxInboundUnidirectionalStreams { get; init; } = 10;

    /// <summary>Bytes the peer may send on one stream ahead of the application's reading (RFC 9000, section 4.1). Default 512 KiB, which carries 10 MB/s over a path of 50 ms; range 16 KiB to 64 MiB.</summary>
    /// <remarks>At least the bandwidth times the round-trip time of the longest path that a single stream is to fill; larger ones only cost memory.</remarks>
    public int StreamReceiveWindow { get; init; } = 512 << 10;

    /// <summary>
    /// Bytes the peer may send on all streams together ahead of the application's reading: the memory that one connection can make this side hold. Default 64 MiB; range 16 KiB to 256 MiB.
    /// </summary>
    /// <remarks>
    /// The default is more than all streams of the default limits can hold, so that streams which are not read hold up no other. With a smaller one, or with more or larger streams, so many slow
    /// readers as fill it stop the whole connection until one of them reads.
    /// </remarks>
    public int ConnectionReceiveWindow { get; init; } = 64 << 20;

    /// <summary>Bytes a stream holds that are written but not yet acknowledged, before <c>FlushAsync</c> waits. Default 1 MiB; range 4 KiB to 64 MiB.</summary>
    /// <remarks>The counterpart of the peer's window: bandwidth times round-trip time for streams that are to fill a long path; smaller saves memory where there are many.</remarks>
    public int StreamSendBuffer { get; init; } = 1 << 20;

    /// <summary>
    /// Bytes of these that a stream holds without having sent them, before <c>FlushAsync</c> waits. Default 256 KiB; range 4 KiB to 64 MiB. A larger one than <see cref="StreamSendBuffer"/> counts as
    /// that.
    /// </summary>
    /// <remarks>
    /// What is on its way must be kept until it is acknowledged, and a long path needs much of it. What waits for the peer's credit or for the network only has to keep the sender busy until the
    /// writer has gone on: this is the memory that a peer who does not read can make each stream hold.
    /// </remarks>
    public int StreamUnsentBuffer { get; init; } = 256 << 10;

    /// <summary>The largest datagram accepted from the peer, bytes; 0 turns datagrams off. Default 0; range 0 to 65535 (RFC 9221, section 3).</summary>
    /// <remarks>Turn it on only for protocols that use datagrams. 1,200 fits every path; larger ones need a path that carries them, as datagrams are never split.</remarks>
    public int MaxDatagramSize { get; init; }

    /// <summary>Received datagrams that wait for the application; the oldest is dropped when one more arrives. Default 256; range 1 to 65536.</summary>
    /// <remarks>As long as the reader may pause, times the rate. Datagrams are for what is worthless when late: prefer dropping to a long queue.</remarks>
    public int DatagramReceiveQueue { get; init; } = 256;

    /// <summary>Streams the peer may reset, or make this side reset, per second before the connection is closed; one that is given up in both directions counts once. Default 200; range 1 to 10^6.</summary>
    /// <remarks>A peer that opens and resets faster (CVE-2023-44487) is cut off.</remarks>
    public int MaxResetsPerSecond { get; init; } = 200;

    /// <summary>
    /// Control frames the peer may send per second before the connection is closed (RFC 9000, section 21.9): all but those with stream data or datagrams and the first acknowledgement of a packet. Default
    /// 200,000; range 1,000 to 10^8.
    /// </summary>
    /// <remarks>A peer that takes 10 Gbit/s and grants credit anew for every 16 KiB sends less than half of that. Engines that do not see the frames leave the limit to their native library.</remarks>
    public int MaxControlFramesPerSecond { get; init; } = 200_000;

    /// <summary>Datagrams without any progress (no stream data, no acknowledgement of new data) the peer may send per second before the connection is closed. Default 20,000; range 100 to 10^7.</summary>
    /// <remarks>Honest peers stay far below: leave it, unless a measured load comes near.</remarks>
    public int MaxIdleDatagramsPerSecond { get; init; } = 20_000;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">At least one value is out of range; the message lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(TransportLimits));
        faults.Range(nameof(MaxInboundBidirectionalStreams), MaxInboundBidirectionalStreams, 0, 1 << 20);
        faults.Range(nameof(MaxInboundUnidirectionalStreams), MaxInboundUnidirectionalStreams, 0, 1 << 20);
        faults.Range(nameof(StreamReceiveWindow), StreamReceiveWindow, 16 << 10, 64 << 20);
        faults.Range(nameof(ConnectionReceiveWindow), ConnectionReceiveWindow, 16 << 10, 256 << 20);
        faults.Range(nameof(StreamSendBuffer), StreamSendBuffer, 4 << 10, 64 << 20);
        faults.Range(nameof(StreamUnsentBuffer), StreamUnsentBuffer, 4 << 10, 64 << 20);
        faults.Range(nameof(MaxDatagramSize), MaxDatagramSize, 0, 65535);
        faults.Range(nameof(DatagramReceiveQueue), DatagramReceiveQueue, 1, 65536);
        faults.Range(nameof(MaxResetsPerSecond), MaxResetsPerSecond, 1, 1_000_000);
        faults.Range(nameof(MaxControlFramesPerSecond), MaxControlFramesPerSecond, 1_000, 100_000_000);
        faults.Range(nameof(MaxIdleDatagramsPerSecond), MaxIdleDatagramsPerSecond, 100, 10_000_000);
        faults.ThrowIfAny();
    }
}
