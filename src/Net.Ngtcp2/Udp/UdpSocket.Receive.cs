using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <content>Receiving.</content>
internal sealed unsafe partial class UdpSocket
{
    private readonly MultipleMessageHeader* _messages;
    private bool _isReceiving;

    /// <summary>Takes what has arrived, in one bounded call, and hands each datagram to the handler.</summary>
    /// <typeparam name="THandler">A struct avoids the interface call.</typeparam>
    /// <param name="handler">Gets the datagrams in order of arrival. It may send on this socket, but not receive.</param>
    /// <param name="maxMessages">Messages to take at most, at least 1; more than <see cref="ReceiveBatchSize"/> means that.</param>
    /// <returns>
    /// The messages taken, empty and unusable ones included. Fewer than asked for means that the socket was empty a moment ago; with receive
    /// offload, one message holds up to 64 datagrams and more.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The socket is disposed.</exception>
    /// <exception cref="InvalidOperationException">The call came from a datagram handler of this socket.</exception>
    /// <exception cref="IOException">The kernel refused the call itself.</exception>
    internal int ReceiveBatch<THandler>(ref THandler handler, int maxMessages)
        where THandler : IDatagramHandler, allows ref struct
    {
        ObjectDisposedException.ThrowIf(_descriptor < 0, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxMessages, 1);
        AssertOwner();
        if (_isReceiving)
        {
            throw new InvalidOperationException("A datagram handler called the receive function, which would overwrite the datagrams it is being given.");
        }

        int count = ReceiveMessages(Math.Min(maxMessages, ReceiveBatchSize));
        _isReceiving = true;
        try
        {
            for (int i = 0; i < count && _descriptor >= 0; i++)
            {
                Deliver(ref handler, ref _messages[i]);
            }
        }
        finally
        {
            _isReceiving = false;
            EndBatch(count);
        }

        return count;
    }

    private void EndBatch(int count)
    {
        if (_descriptor < 0)
        {
            // The handler disposed the socket.
            Release();
            return;
        }

        for (int i = 0; i < count; i++)
        {
            ReceiveLayout.Reset(ref _messages[i].Header);
        }
    }

    private int ReceiveMessages(int count)
    {
        for (int attempt = 0; ; attempt++)
        {
            Counters.ReceiveCalls++;
            int received = Libc.ReceiveMessages(_descriptor, _messages, (uint)count, LinuxSocket.MSG_DONTWAIT, null);
            if (received >= 0)
            {
                Counters.ReceivedMessages += received;
                return received;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EAGAIN)
            {
                return 0;
            }

            // An error that an ICMP message left on the socket says nothing about this call; reading it has cleared it.
            if (Errno.CanBePending(errno) || errno is Errno.ENOMEM or Errno.ENOBUFS)
            {
                if (attempt < PendingErrorRetries)
                {
                    continue;
                }

                return 0;
            }

            throw new IOException($"recvmmsg failed on UDP {_localAddress}: {Errno.Describe(errno)}.");
        }
    }

    private void Deliver<THandler>(ref THandler handler, ref MultipleMessageHeader message)
        where THandler : IDatagramHandler, allows ref struct
    {
        int length = (int)message.Length;
        if ((message.Header.Flags & LinuxSocket.MSG_TRUNC) != 0)
        {
            Counters.TruncatedMessages++;
            return;
        }

        if (length == 0)
        {
            Counters.ReceivedDatagrams++;
            Counters.EmptyDatagrams++;
            return;
        }

        SocketAddressBuffer remote = message.Header.Name->ToCanonical();
        SocketAddressBuffer local = _localAddress;
        int segmentSize = length;
        byte ecn = 0;
        ControlMessageReader reader = new(message.Header.Control, message.Header.ControlLength);
        while (reader.MoveNext())
        {
            ReadControlMessage(ref reader, ref local, ref segmentSize, ref ecn);
        }

        byte* data = message.Header.Vectors->Base;
        Counters.ReceivedBytes += length;
        for (int offset = 0; offset < length && _descriptor >= 0; offset += segmentSize)
        {
            Counters.ReceivedDatagrams++;
            handler.HandleDatagram(new ReadOnlySpan<byte>(data + offset, Math.Min(segmentSize, length - offset)), in local, in remote, ecn);
        }
    }

    private void ReadControlMessage(ref ControlMessageReader reader, ref SocketAddressBuffer local, ref int segmentSize, ref byte ecn)
    {
        ControlMessageHeader* header = reader.Header;
        int length = reader.DataLength;
        switch ((header->Level, header->Type))
        {
            case (LinuxSocket.SOL_IP, LinuxSocket.IP_TOS) when length >= 1:
                ecn = (byte)(*reader.Data & 3);
                break;
            case (LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_TCLASS) when length >= sizeof(int):
                ecn = (byte)(*(int*)reader.Data & 3);
                break;
            case (LinuxSocket.SOL_IP, LinuxSocket.IP_PKTINFO) when length >= sizeof(PacketInformation4):
                local = _localAddress.WithAddress4(((PacketInformation4*)reader.Data)->HeaderDestination);
                break;
            case (LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_PKTINFO) when length >= sizeof(PacketInformation6):
                PacketInformation6* information = (PacketInformation6*)reader.Data;
                local = _localAddress.WithAddress6(information->AddressHigh, information->AddressLow, (uint)information->InterfaceIndex);
                break;
            case (LinuxSocket.SOL_UDP, LinuxSocket.UDP_GRO) when length >= sizeof(int):
                int size = *(int*)reader.Data;
                segmentSize = size > 0 ? size : segmentSize;
                break;
            case (LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RXQ_OVFL) when length >= sizeof(uint):
                Counters.ReceiveOverflows = *(uint*)reader.Data;
                break;
            default:
                break;
        }
    }
}
