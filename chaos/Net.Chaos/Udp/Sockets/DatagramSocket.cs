using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Net.Chaos.Udp.Sockets;

/// <summary>A UDP socket of Linux that takes and gives batches (UDP_GRO, UDP_SEGMENT) and carries ECN marks. One thread uses it.</summary>
internal sealed unsafe class DatagramSocket : IDisposable
{
    private const int BufferBytes = 4 << 20;
    private const int ControlBytes = 64;
    private readonly Socket _socket;
    private readonly bool _isIPv6;
    private readonly bool _isConnected;
    private bool _hasSegmentation = true;

    private DatagramSocket(Socket socket, bool isConnected)
    {
        _socket = socket;
        _isIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        _isConnected = isConnected;
        Local = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Where it is bound, with the port that the system chose.</summary>
    internal IPEndPoint Local { get; }

    internal SafeHandle Handle => _socket.SafeHandle;

    internal int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    /// <summary>What the socket belongs to; set by its owner.</summary>
    internal UpstreamSocket? Owner { get; set; }

    /// <summary>Opens a socket.</summary>
    /// <param name="local">Where to bind.</param>
    /// <param name="remote">The only peer; <c>null</c> for any.</param>
    /// <exception cref="SocketException">The system refuses.</exception>
    internal static DatagramSocket Open(IPEndPoint local, IPEndPoint? remote)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (local.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = local.Address.Equals(IPAddress.IPv6Any);
                TrySet(socket, LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_RECVTCLASS, 1);
                TrySet(socket, LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_MTU_DISCOVER, LinuxSocket.IP_PMTUDISC_PROBE);
            }

            TrySet(socket, LinuxSocket.SOL_IP, LinuxSocket.IP_RECVTOS, 1);

            // Datagrams are not cut in pieces: the ends that probe for the size of the path are to see the path.
            TrySet(socket, LinuxSocket.SOL_IP, LinuxSocket.IP_MTU_DISCOVER, LinuxSocket.IP_PMTUDISC_PROBE);
            TrySet(socket, LinuxSocket.SOL_UDP, LinuxSocket.UDP_GRO, 1);
            SetBuffer(socket, LinuxSocket.SO_RCVBUFFORCE, static s => s.ReceiveBufferSize = BufferBytes);
            SetBuffer(socket, LinuxSocket.SO_SNDBUFFORCE, static s => s.SendBufferSize = BufferBytes);
            socket.Bind(local);
            if (remote is not null)
            {
                socket.Connect(remote);
            }

            return new DatagramSocket(socket, remote is not null);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes what has arrived, in one call.</summary>
    /// <returns>Whether there may be more.</returns>
    internal bool Receive(ReceiveBuffers buffers, IDatagramReceiver receiver)
    {
        buffers.Reset(ReceiveBuffers.Count);
        int count = Libc.ReceiveMessages(Handle, buffers.Messages, ReceiveBuffers.Count, LinuxSocket.MSG_DONTWAIT, null);
        if (count < 0)
        {
            // Nothing there, or an ICMP error of an earlier datagram, which reading has cleared: a server that is down is silence here.
            return Marshal.GetLastPInvokeError() is not (Libc.EAGAIN or Libc.EINTR);
        }

        for (int i = 0; i < count; i++)
        {
            ref MultipleMessageHeader message = ref buffers.Messages[i];
            int length = (int)message.Length;
            if ((message.Header.Flags & LinuxSocket.MSG_TRUNC) != 0)
            {
                continue;
            }

            PeerAddress from = NativeAddress.Read(new ReadOnlySpan<byte>(message.Header.Name, ReceiveBuffers.NameBytes));
            int segment = length;
            byte ecn = 0;
            ReadControl(new ReadOnlySpan<byte>(message.Header.Control, (int)message.Header.ControlLength), ref segment, ref ecn);
            receiver.Take(this, from, new ReadOnlySpan<byte>(message.Header.Vectors->Base, length), segment, ecn);
        }

        return count == ReceiveBuffers.Count;
    }

    /// <summary>Sends datagrams of equal length, the last of which may be shorter; in as few calls as the kernel allows.</summary>
    /// <param name="to">Whom to; ignored when the socket has its one peer.</param>
    /// <param name="data">The datagrams; no bytes at all are one empty datagram.</param>
    /// <param name="segmentSize">The length of each but the last, at least 1.</param>
    /// <param name="ecn">The mark of all.</param>
    /// <returns>How many datagrams the kernel would not take.</returns>
    internal int Send(in PeerAddress to, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        int failed = 0;
        int batch = _hasSegmentation && data.Length > segmentSize
            ? segmentSize * Math.Clamp(LinuxSocket.MaxBatchBytes / segmentSize, 1, LinuxSocket.MaxSegments)
            : segmentSize;
        for (int offset = 0; offset == 0 || offset < data.Length; offset += batch)
        {
            ReadOnlySpan<byte> chunk = data.Slice(offset, Math.Min(batch, data.Length - offset));
            if (Transmit(to, chunk, segmentSize, ecn))
            {
                continue;
            }

            if (chunk.Length > segmentSize)
            {
                // The interface or the kernel cannot do it; one by one works everywhere.
                _hasSegmentation = false;
                failed += Send(to, chunk, segmentSize, ecn);
            }
            else
            {
                failed++;
            }
        }

        return failed;
    }

    public void Dispose() => _socket.Dispose();

    private static void TrySet(Socket socket, int level, int name, int value)
    {
        try
        {
            socket.SetRawSocketOption(level, name, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
        }
        catch (SocketException)
        {
            // An old kernel or another family; the proxy then works without.
        }
    }

    private static void SetBuffer(Socket socket, int forceName, Action<Socket> set)
    {
        int size = BufferBytes;
        try
        {
            socket.SetRawSocketOption(LinuxSocket.SOL_SOCKET, forceName, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in size)));
        }
        catch (SocketException)
        {
            // Without the privilege the kernel takes the value up to its limit.
            set(socket);
        }
    }

    /// <summary>Takes the segment size and the ECN mark out of the control messages of a received message (cmsg(3)).</summary>
    internal static void ReadControl(ReadOnlySpan<byte> control, ref int segment, ref byte ecn)
    {
        while (control.Length >= sizeof(ControlMessageHeader))
        {
            ControlMessageHeader header = MemoryMarshal.Read<ControlMessageHeader>(control);
            if (header.Length < (nuint)sizeof(ControlMessageHeader) || header.Length > (nuint)control.Length)
            {
                return;
            }

            ReadOnlySpan<byte> value = control[sizeof(ControlMessageHeader)..(int)header.Length];
            switch (header.Level, header.Type)
            {
                case (LinuxSocket.SOL_IP, LinuxSocket.IP_TOS) when value.Length >= 1:
                    ecn = (byte)(value[0] & 3);
                    break;
                case (LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_TCLASS) when value.Length >= sizeof(int):
                    ecn = (byte)(MemoryMarshal.Read<int>(value) & 3);
                    break;
                case (LinuxSocket.SOL_UDP, LinuxSocket.UDP_GRO) when value.Length >= sizeof(int):
                    segment = MemoryMarshal.Read<int>(value) is > 0 and int size ? size : segment;
                    break;
                default:
                    break;
            }

            control = control[Math.Min(control.Length, Align((int)header.Length))..];
        }
    }

    private static int Align(int length) => (length + sizeof(nuint) - 1) & ~(sizeof(nuint) - 1);

    private static int WriteControl<T>(byte* position, int level, int type, T value)
        where T : unmanaged
    {
        *(ControlMessageHeader*)position = new ControlMessageHeader { Length = (nuint)(sizeof(ControlMessageHeader) + sizeof(T)), Level = level, Type = type };
        *(T*)(position + sizeof(ControlMessageHeader)) = value;
        return Align(sizeof(ControlMessageHeader) + sizeof(T));
    }

    private bool Transmit(in PeerAddress to, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        byte* name = stackalloc byte[ReceiveBuffers.NameBytes];
        byte* control = stackalloc byte[ControlBytes];
        int controlLength = 0;
        if (ecn != 0)
        {
            // An IPv4 peer of a dual-stack socket takes the IPv4 mark.
            controlLength += _isIPv6 && !to.IsIPv4
                ? WriteControl(control, LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_TCLASS, (int)ecn)
                : WriteControl(control, LinuxSocket.SOL_IP, LinuxSocket.IP_TOS, (int)ecn);
        }

        if (data.Length > segmentSize)
        {
            controlLength += WriteControl(control + controlLength, LinuxSocket.SOL_UDP, LinuxSocket.UDP_SEGMENT, (ushort)segmentSize);
        }

        fixed (byte* start = data)
        {
            IoVector vector = new() { Base = start, Length = (nuint)data.Length };
            MessageHeader message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = controlLength > 0 ? control : null,
                ControlLength = (nuint)controlLength,
            };
            if (!_isConnected)
            {
                message.Name = name;
                message.NameLength = (uint)NativeAddress.Write(to, _isIPv6, new Span<byte>(name, ReceiveBuffers.NameBytes));
            }

            // Twice: the first call may only report an ICMP error that an earlier datagram brought.
            return Libc.SendMessage(Handle, &message, LinuxSocket.MSG_DONTWAIT) >= 0 || Libc.SendMessage(Handle, &message, LinuxSocket.MSG_DONTWAIT) >= 0;
        }
    }
}
