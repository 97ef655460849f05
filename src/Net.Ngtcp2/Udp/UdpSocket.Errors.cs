namespace Net.Ngtcp2.Udp;

/// <content>The error queue (ip(7), IP_RECVERR).</content>
internal sealed unsafe partial class UdpSocket
{
    private const int ErrorControlBytes = 256;

    /// <summary>Takes one error that an ICMP message or this machine reported for an earlier datagram.</summary>
    /// <remarks>
    /// <see cref="PollEvents.Error"/> stays set until this returns false, so the queue is to be emptied whenever that is seen. ICMP can be
    /// forged: RFC 9000 section 14.2.1 forbids to lower the packet size or close a connection on its word alone.
    /// </remarks>
    /// <param name="error">The error; the default value when there is none.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ObjectDisposedException">The socket is disposed.</exception>
    internal bool TryReadError(out UdpError error)
    {
        ObjectDisposedException.ThrowIf(_descriptor < 0, this);
        AssertOwner();
        error = default;
        SocketAddressBuffer name = default;
        byte* control = stackalloc byte[ErrorControlBytes];
        MessageHeader message = new()
        {
            Name = &name,
            NameLength = SocketAddressBuffer.Size,
            Control = control,
            ControlLength = ErrorControlBytes,
        };

        // The payload of the failed datagram is not asked for, so the message is always cut off.
        if (Libc.ReceiveMessage(_descriptor, &message, LinuxSocket.MSG_ERRQUEUE | LinuxSocket.MSG_DONTWAIT) < 0)
        {
            return false;
        }

        Counters.ErrorsRead++;
        ControlMessageReader reader = new(control, message.ControlLength);
        while (reader.MoveNext())
        {
            bool isError = (reader.Header->Level, reader.Header->Type)
                is (LinuxSocket.SOL_IP, LinuxSocket.IP_RECVERR) or (LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_RECVERR);
            if (isError && reader.DataLength >= sizeof(ExtendedSocketError))
            {
                ExtendedSocketError* report = (ExtendedSocketError*)reader.Data;
                error = new UdpError(
                    name.ToCanonical(),
                    (int)report->Errno,
                    (UdpErrorOrigin)report->Origin,
                    report->Type,
                    report->Code,
                    report->Errno == Errno.EMSGSIZE ? (int)Math.Min(report->Information, int.MaxValue) : 0);
            }
        }

        return true;
    }
}
