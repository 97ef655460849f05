namespace Net.Ngtcp2.Udp;

/// <summary>What one socket has done. The thread that owns the socket writes; others may read at any time and see a recent value.</summary>
internal sealed class UdpCounters
{
    /// <summary>Calls of sendmsg, repeated ones included.</summary>
    internal long SendCalls;

    /// <summary>Datagrams the kernel took.</summary>
    internal long SentDatagrams;

    /// <summary>Payload bytes the kernel took.</summary>
    internal long SentBytes;

    /// <summary>Sends the kernel had no room for.</summary>
    internal long BlockedSends;

    /// <summary>Datagrams given up because the kernel refused them for another reason than size or room.</summary>
    internal long DroppedDatagrams;

    /// <summary>Datagrams longer than the interface takes (EMSGSIZE), as path-MTU probes may be.</summary>
    internal long OversizedDatagrams;

    /// <summary>Times segmentation offload was refused and the batch went out one by one.</summary>
    internal long SegmentationFallbacks;

    /// <summary>Times the ECN mark was refused and left out from then on: 0 or 1.</summary>
    internal long EcnFallbacks;

    /// <summary>Calls of recvmmsg.</summary>
    internal long ReceiveCalls;

    /// <summary>Messages the kernel handed over; with receive offload one message holds several datagrams.</summary>
    internal long ReceivedMessages;

    /// <summary>Datagrams received, empty ones included.</summary>
    internal long ReceivedDatagrams;

    /// <summary>Payload bytes received.</summary>
    internal long ReceivedBytes;

    /// <summary>Empty datagrams, which reach no handler.</summary>
    internal long EmptyDatagrams;

    /// <summary>Messages thrown away because they did not fit the buffer.</summary>
    internal long TruncatedMessages;

    /// <summary>Datagrams the kernel threw away because the receive buffer was full, as far as it has said so (SO_RXQ_OVFL, modulo 2^32).</summary>
    internal long ReceiveOverflows;

    /// <summary>Entries read from the error queue.</summary>
    internal long ErrorsRead;
}
