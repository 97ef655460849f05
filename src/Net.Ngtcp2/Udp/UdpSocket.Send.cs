using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <content>Sending.</content>
internal sealed unsafe partial class UdpSocket
{
    /// <summary>Segments one call may carry: UDP_MAX_SEGMENTS of every kernel that has the offload.</summary>
    internal const int MaxSegments = 64;

    /// <summary>Bytes one call may carry: 65,535 of an IPv4 packet less its header (20) and that of UDP (8).</summary>
    internal const int MaxBatchBytes = 65_507;

    /// <summary>The largest segment size that can be asked for: the length field of UDP has 16 bits.</summary>
    internal const int MaxSegmentSize = ushort.MaxValue;

    private bool _segmentationEnabled;
    private bool _ecnEnabled;

    /// <summary>What the datagrams of one <see cref="Send"/> have in common.</summary>
    private ref struct Envelope
    {
        internal SocketAddressBuffer Local;
        internal SocketAddressBuffer Remote;
        internal byte Ecn;
    }

    /// <summary>Sends equally long datagrams, the last of which may be shorter, to one address; in one system call where the kernel can.</summary>
    /// <param name="local">
    /// The address to send from; its port is ignored. The default value or a wildcard lets the kernel choose. Else it is of the family of <paramref name="remote"/>.
    /// </param>
    /// <param name="remote">The address to send to. A dual-stack socket takes IPv4 addresses as they are.</param>
    /// <param name="ecn">The ECN code point to set, 0 to 3 (RFC 3168 section 5).</param>
    /// <param name="data">The datagrams, one behind the other. No bytes at all are one empty datagram. Nothing refers to them after the call.</param>
    /// <param name="segmentSize">The length of each datagram but the last, 1 to <see cref="MaxSegmentSize"/>.</param>
    /// <returns>What became of the bytes. A network error is never an exception.</returns>
    /// <exception cref="ObjectDisposedException">The socket is disposed.</exception>
    /// <exception cref="ArgumentException">The segment size is out of range, the remote address missing, or the families differ.</exception>
    internal SendResult Send(in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize)
    {
        ObjectDisposedException.ThrowIf(_descriptor < 0, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(segmentSize, MaxSegmentSize);
        ThrowIfUnusable(in local, in remote);
        AssertOwner();
        Envelope envelope = new()
        {
            Remote = _isIPv6Socket ? remote.ToIPv6Socket() : remote,
            Ecn = (byte)(ecn & 3),
        };

        // A bound socket sends from its address by itself; leaving the message out is cheaper.
        bool choosesLocal = !local.IsUnspecified && !local.IsWildcard && !(_isBoundToAddress && local.HasSameAddress(in _localAddress));
        if (choosesLocal)
        {
            envelope.Local = local;
        }

        fixed (byte* start = data)
        {
            return _segmentationEnabled && data.Length > segmentSize
                ? SendBatches(ref envelope, start, data.Length, segmentSize)
                : SendSingles(ref envelope, start, data.Length, segmentSize);
        }
    }

    private SendResult SendBatches(ref Envelope envelope, byte* start, int length, int segmentSize)
    {
        int batchBytes = segmentSize * Math.Clamp(MaxBatchBytes / segmentSize, 1, MaxSegments);
        int sizeErrno = 0;
        int offset = 0;
        while (offset < length)
        {
            int chunk = Math.Min(batchBytes, length - offset);
            bool isBatch = _segmentationEnabled && chunk > segmentSize;
            int errno = isBatch ? Transmit(ref envelope, start + offset, chunk, segmentSize) : 0;
            if (isBatch && errno == 0)
            {
                CountSent((chunk + segmentSize - 1) / segmentSize, chunk);
                offset += chunk;
                continue;
            }

            if (isBatch && !IsSegmentationRefusal(errno))
            {
                return Stop(errno, offset, length, segmentSize);
            }

            SendResult result = isBatch
                ? SendRefusedBatch(ref envelope, start + offset, chunk, segmentSize, errno)
                : SendSingles(ref envelope, start + offset, chunk, segmentSize);
            if (result.Status == SendStatus.Blocked)
            {
                return result with { BytesConsumed = offset + result.BytesConsumed };
            }

            offset += chunk;
            if (result.Status == SendStatus.Dropped)
            {
                Counters.DroppedDatagrams += (length - offset + segmentSize - 1) / segmentSize;
                return result with { BytesConsumed = length };
            }

            sizeErrno = result.Errno != 0 ? result.Errno : sizeErrno;
        }

        return new SendResult(SendStatus.Sent, length, sizeErrno);
    }

    /// <summary>Sends a batch one by one and concludes from the outcome whether offload itself is to blame.</summary>
    private SendResult SendRefusedBatch(ref Envelope envelope, byte* start, int length, int segmentSize, int errno)
    {
        Counters.SegmentationFallbacks++;

        // EIO: the interface cannot compute the checksums. EOPNOTSUPP, ENOPROTOOPT: no such feature.
        bool isDefinite = errno is Errno.EIO or Errno.EOPNOTSUPP or Errno.ENOPROTOOPT;
        bool hadEcn = _ecnEnabled;
        if (isDefinite)
        {
            _segmentationEnabled = false;
        }

        SendResult result = SendSingles(ref envelope, start, length, segmentSize);

        // EINVAL has many meanings: a local address that is gone, a refused ECN mark, segments larger than the interface takes (where newer
        // kernels say EMSGSIZE). When the same datagrams pass alone and unchanged, offload was the reason.
        bool passedAlone = result.Status == SendStatus.Sent && result.Errno == 0 && hadEcn == _ecnEnabled;
        if (errno == Errno.EINVAL && passedAlone)
        {
            _segmentationEnabled = false;
        }

        return result;
    }

    private SendResult SendSingles(ref Envelope envelope, byte* start, int length, int segmentSize)
    {
        int sizeErrno = 0;
        int offset = 0;
        do
        {
            int chunk = Math.Min(segmentSize, length - offset);
            int errno = TransmitSingle(ref envelope, start + offset, chunk);
            if (errno == 0)
            {
                CountSent(1, chunk);
            }
            else if (errno == Errno.EMSGSIZE)
            {
                Counters.OversizedDatagrams++;
                sizeErrno = errno;
            }
            else
            {
                return Stop(errno, offset, length, segmentSize);
            }

            offset += chunk;
        }
        while (offset < length);

        return new SendResult(SendStatus.Sent, length, sizeErrno);
    }

    private int TransmitSingle(ref Envelope envelope, byte* data, int length)
    {
        int errno = Transmit(ref envelope, data, length, 0);
        if (errno != Errno.EINVAL || envelope.Ecn == 0 || !_ecnEnabled)
        {
            return errno;
        }

        // Some sandboxes refuse to set the mark. If the datagram passes without it, no later one shall pay for two calls.
        byte ecn = envelope.Ecn;
        envelope.Ecn = 0;
        errno = Transmit(ref envelope, data, length, 0);
        if (errno == 0)
        {
            _ecnEnabled = false;
            Counters.EcnFallbacks++;
        }

        envelope.Ecn = ecn;
        return errno;
    }

    /// <summary>One sendmsg call, repeated while what it reports can belong to an earlier datagram.</summary>
    /// <returns>0 or the errno.</returns>
    private int Transmit(ref Envelope envelope, byte* data, int length, int segmentSize)
    {
        byte* control = stackalloc byte[ControlMessageWriter.MaxBytes];
        ControlMessageWriter writer = new(control);
        WriteControl(ref writer, in envelope, segmentSize);
        SocketAddressBuffer name = envelope.Remote;
        IoVector vector = new() { Base = data, Length = (nuint)length };
        MessageHeader message = new()
        {
            Name = &name,
            NameLength = (uint)name.Length,
            Vectors = &vector,
            VectorCount = 1,
            Control = writer.Length > 0 ? control : null,
            ControlLength = (nuint)writer.Length,
        };
        for (int attempt = 0; ; attempt++)
        {
            Counters.SendCalls++;
            if (Libc.SendMessage(_descriptor, &message, LinuxSocket.MSG_DONTWAIT) >= 0)
            {
                return 0;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (attempt >= PendingErrorRetries || !Errno.CanBePending(errno))
            {
                return errno;
            }
        }
    }

    private void WriteControl(ref ControlMessageWriter writer, in Envelope envelope, int segmentSize)
    {
        if (envelope.Local.IsIPv4)
        {
            PacketInformation4 information = new() { SpecificDestination = envelope.Local.NetworkAddress4 };
            writer.Write(LinuxSocket.SOL_IP, LinuxSocket.IP_PKTINFO, information);
        }
        else if (envelope.Local.IsIPv6)
        {
            PacketInformation6 information = new()
            {
                AddressHigh = envelope.Local.NetworkAddress6High,
                AddressLow = envelope.Local.NetworkAddress6Low,
                InterfaceIndex = (int)envelope.Local.ScopeId,
            };
            writer.Write(LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_PKTINFO, information);
        }

        if (envelope.Ecn != 0 && _ecnEnabled)
        {
            // An AF_INET6 socket sends to an IPv4-mapped address as IPv4, and reads the IPv4 option then.
            bool isIPv4Packet = envelope.Remote.IsIPv4 || envelope.Remote.IsMapped;
            writer.Write(
                isIPv4Packet ? LinuxSocket.SOL_IP : LinuxSocket.SOL_IPV6,
                isIPv4Packet ? LinuxSocket.IP_TOS : LinuxSocket.IPV6_TCLASS,
                (int)envelope.Ecn);
        }

        if (segmentSize > 0)
        {
            writer.Write(LinuxSocket.SOL_UDP, LinuxSocket.UDP_SEGMENT, (ushort)segmentSize);
        }
    }

    private SendResult Stop(int errno, int offset, int length, int segmentSize)
    {
        if (Errno.IsFull(errno))
        {
            Counters.BlockedSends++;
            return new SendResult(SendStatus.Blocked, offset, errno);
        }

        Counters.DroppedDatagrams += Math.Max(1, (length - offset + segmentSize - 1) / segmentSize);
        return new SendResult(SendStatus.Dropped, length, errno);
    }

    private void CountSent(int datagrams, int bytes)
    {
        Counters.SentDatagrams += datagrams;
        Counters.SentBytes += bytes;
    }

    private static bool IsSegmentationRefusal(int errno) =>
        errno is Errno.EIO or Errno.EINVAL or Errno.EOPNOTSUPP or Errno.ENOPROTOOPT or Errno.EMSGSIZE;

    private static void ThrowIfUnusable(in SocketAddressBuffer local, in SocketAddressBuffer remote)
    {
        if (remote.IsUnspecified)
        {
            throw new ArgumentException("The remote address is missing.", nameof(remote));
        }

        if (local.Family is not AddressFamily.Unspecified && local.IsIPv4 != remote.IsIPv4 && !local.IsWildcard)
        {
            throw new ArgumentException($"The local address {local} and the remote address {remote} are of different families.", nameof(local));
        }
    }
}
