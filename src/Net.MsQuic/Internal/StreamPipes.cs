using System.IO.Pipelines;

namespace Net.MsQuic.Internal;

/// <summary>How the pipes of a connection's streams are set up.</summary>
internal sealed class StreamPipes
{
    // What the engine itself holds of a stream that the application does not read. Small, as the library's receive window comes on top, yet enough to keep both busy.
    private const int ReceiveBuffer = 32 << 10;

    // QUIC_DEFAULT_IDEAL_SEND_BUFFER_SIZE: what the library takes a copy of and holds until it is acknowledged.
    private const int LibrarySendBuffer = 128 << 10;
    private const int SmallestSendBuffer = 4 << 10;

    /// <summary>Makes the set-up.</summary>
    /// <param name="limits">Limits of the connection.</param>
    internal StreamPipes(TransportLimits limits)
    {
        // The pump reads as soon as the application has made room, on the application's own call: it never blocks.
        Receive = new PipeOptions(
            readerScheduler: LocalQueueScheduler.Instance, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: ReceiveBuffer, resumeWriterThreshold: ReceiveBuffer / 2, useSynchronizationContext: false);

        // The pump hands bytes to the library on the flushing thread, which spares a hop: that call only queues them.
        int sendBuffer = Math.Clamp(limits.StreamUnsentBuffer, SmallestSendBuffer, Math.Max(limits.StreamSendBuffer - LibrarySendBuffer, SmallestSendBuffer));
        Send = new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: LocalQueueScheduler.Instance,
            pauseWriterThreshold: sendBuffer, resumeWriterThreshold: sendBuffer / 2, useSynchronizationContext: false);
    }

    /// <summary>For what the peer sends.</summary>
    internal PipeOptions Receive { get; }

    /// <summary>For what this side sends.</summary>
    internal PipeOptions Send { get; }
}
