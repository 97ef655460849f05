using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>Chooses the socket of an SO_REUSEPORT group by one byte of each datagram's destination connection ID.</summary>
/// <remarks>
/// The byte is the first one of the ID: byte 6 of a packet with a long header (RFC 9000 section 17.2), byte 1 of one with a short header
/// (section 17.3). The datagram goes to socket number (byte modulo group size), in the order in which the sockets were bound. Three limits:
/// an ID of length 0 steers by whatever byte follows; when a member closes, the kernel moves the last one into its place, so a group is closed
/// as a whole; and a coalesced message (UDP_GRO) is steered by its first datagram alone, so a client that serves several connections from one
/// port can put a datagram on another loop than its connection's.
/// </remarks>
internal static unsafe class ReusePortSteering
{
    /// <summary>The most sockets in a group: more could not be told apart by one byte.</summary>
    internal const int MaxGroupSize = 256;

    // linux/bpf_common.h and linux/filter.h
    private const ushort LoadByteAbsolute = 0x00 | 0x10 | 0x20; // BPF_LD | BPF_B | BPF_ABS
    private const ushort JumpIfAnyBit = 0x05 | 0x40; // BPF_JMP | BPF_JSET | BPF_K
    private const ushort Jump = 0x05; // BPF_JMP | BPF_JA
    private const ushort Modulo = 0x04 | 0x90; // BPF_ALU | BPF_MOD | BPF_K
    private const ushort ReturnAccumulator = 0x06 | 0x10; // BPF_RET | BPF_A

    private const uint HeaderFormBit = 0x80;
    private const uint LongHeaderIdOffset = 6;
    private const uint ShortHeaderIdOffset = 1;

    /// <summary>Attaches the rule to a group. It holds for all sockets of the group, from the next datagram on.</summary>
    /// <param name="group">All sockets of the group in the order in which they were bound, 1 to <see cref="MaxGroupSize"/>.</param>
    /// <param name="errno">Why the kernel refused: EPERM, EINVAL, ENOPROTOOPT; 0 on success.</param>
    /// <returns>Whether the kernel took it. If not, it goes on to choose by a hash of the addresses.</returns>
    internal static bool TryAttach(ReadOnlySpan<UdpSocket> group, out int errno)
    {
        ArgumentOutOfRangeException.ThrowIfZero(group.Length, nameof(group));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(group.Length, MaxGroupSize, nameof(group));
        ObjectDisposedException.ThrowIf(group[0].IsDisposed, group[0]);

        // The kernel runs the program on the UDP payload. A load past its end ends the program with index 0.
        FilterInstruction* instructions = stackalloc FilterInstruction[]
        {
            new() { Code = LoadByteAbsolute, Operand = 0 },
            new() { Code = JumpIfAnyBit, JumpTrue = 0, JumpFalse = 2, Operand = HeaderFormBit },
            new() { Code = LoadByteAbsolute, Operand = LongHeaderIdOffset },
            new() { Code = Jump, Operand = 1 },
            new() { Code = LoadByteAbsolute, Operand = ShortHeaderIdOffset },
            new() { Code = Modulo, Operand = (uint)group.Length },
            new() { Code = ReturnAccumulator },
        };
        FilterProgram program = new() { Length = 7, Instructions = instructions };
        int result = Libc.SetSocketOption(
            group[0].Descriptor, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_ATTACH_REUSEPORT_CBPF, &program, (uint)sizeof(FilterProgram));
        errno = result == 0 ? 0 : Marshal.GetLastPInvokeError();
        return result == 0;
    }

    /// <summary>The socket number the rule gives a datagram; 0 for one that is too short. For tests and for loops that check their own packets.</summary>
    internal static int IndexOf(ReadOnlySpan<byte> datagram, int groupSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        if (datagram.IsEmpty)
        {
            return 0;
        }

        int offset = (datagram[0] & HeaderFormBit) != 0 ? (int)LongHeaderIdOffset : (int)ShortHeaderIdOffset;
        return offset < datagram.Length ? datagram[offset] % groupSize : 0;
    }
}
