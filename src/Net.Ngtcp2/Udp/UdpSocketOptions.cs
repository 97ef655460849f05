using System.Net;
using System.Net.Sockets;

namespace Net.Ngtcp2.Udp;

/// <summary>How to open a <see cref="UdpSocket"/>.</summary>
internal sealed record UdpSocketOptions
{
    /// <summary>The receive buffers of one batch when datagrams arrive coalesced: 8 of 64 KiB.</summary>
    internal const int CoalescedBatchSize = 8;

    /// <summary>The receive buffers of one batch when each holds one datagram: 32.</summary>
    internal const int SingleBatchSize = 32;

    /// <summary>The largest <see cref="ReceiveBatchSize"/>, UIO_MAXIOV of Linux divided by four: 256, which is 16 MiB of address space.</summary>
    internal const int MaxReceiveBatchSize = 256;

    /// <summary>Where to bind. Port 0 lets the kernel choose. An IPv4-mapped address opens an IPv4 socket.</summary>
    internal required IPEndPoint LocalEndPoint { get; init; }

    /// <summary>Share the port with other sockets that set it too (SO_REUSEPORT). The kernel then no longer reports a port that is taken by the same user. Default false.</summary>
    internal bool ReusePort { get; init; }

    /// <summary>Bytes to ask for as send buffer, 4 KiB to 1 GiB. Without CAP_NET_ADMIN the kernel caps it at net.core.wmem_max. Default 4 MiB.</summary>
    internal int SendBufferBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes to ask for as receive buffer, 4 KiB to 1 GiB. Without CAP_NET_ADMIN the kernel caps it at net.core.rmem_max. Default 4 MiB.</summary>
    internal int ReceiveBufferBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Segmentation offload on send (UDP_SEGMENT, Linux 4.18). Default <see cref="OffloadMode.Auto"/>.</summary>
    internal OffloadMode SegmentationOffload { get; init; }

    /// <summary>Coalescing on receive (UDP_GRO, Linux 5.0). Default <see cref="OffloadMode.Auto"/>.</summary>
    internal OffloadMode ReceiveOffload { get; init; }

    /// <summary>Report and set the ECN bits of the IP header. Default true.</summary>
    internal bool Ecn { get; init; } = true;

    /// <summary>Let an IPv6 socket on the address :: serve IPv4 peers too. Default false.</summary>
    internal bool DualStack { get; init; }

    /// <summary>
    /// Messages one receive call takes at most, 1 to <see cref="MaxReceiveBatchSize"/>; each has a buffer of 64 KiB. It bounds how long the
    /// other work of a loop waits. Null, the default, is <see cref="CoalescedBatchSize"/> with receive offload and <see cref="SingleBatchSize"/> without.
    /// </summary>
    internal int? ReceiveBatchSize { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; the message lists every fault.</exception>
    internal void Validate()
    {
        const int MinBuffer = 4 * 1024;
        const int MaxBuffer = 1024 * 1024 * 1024;
        List<string> faults = [];
        if (SendBufferBytes is < MinBuffer or > MaxBuffer)
        {
            faults.Add($"{nameof(SendBufferBytes)} is {SendBufferBytes}; allowed is {MinBuffer} to {MaxBuffer}.");
        }

        if (ReceiveBufferBytes is < MinBuffer or > MaxBuffer)
        {
            faults.Add($"{nameof(ReceiveBufferBytes)} is {ReceiveBufferBytes}; allowed is {MinBuffer} to {MaxBuffer}.");
        }

        if (ReceiveBatchSize is < 1 or > MaxReceiveBatchSize)
        {
            faults.Add($"{nameof(ReceiveBatchSize)} is {ReceiveBatchSize}; allowed is 1 to {MaxReceiveBatchSize}, or null.");
        }

        if (DualStack && (LocalEndPoint.AddressFamily != AddressFamily.InterNetworkV6 || !LocalEndPoint.Address.Equals(IPAddress.IPv6Any)))
        {
            faults.Add($"{nameof(DualStack)} is set with {LocalEndPoint}; it needs the local address [::].");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException($"{nameof(UdpSocketOptions)}: {string.Join(' ', faults)}");
        }
    }
}
