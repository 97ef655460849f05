using Net.Chaos.Quic;

namespace Net.ChaosTests.Quic;

/// <summary>QUIC packets of which only the header means something.</summary>
internal static class QuicBytes
{
    internal static readonly byte[] ClientId = [0xc1, 0xc2, 0xc3, 0xc4];
    internal static readonly byte[] ServerId = [0x51, 0x52, 0x53, 0x54, 0x55];

    /// <summary>A packet of version 1 with a long header.</summary>
    internal static byte[] Long(QuicPacketKinds kind, int length, byte[]? destination = null, byte[]? source = null)
    {
        int type = kind switch
        {
            QuicPacketKinds.Initial => 0,
            QuicPacketKinds.ZeroRtt => 1,
            _ => 2,
        };
        byte[] to = destination ?? ServerId;
        byte[] from = source ?? ClientId;
        byte[] head = [(byte)(0xc0 | (type << 4)), 0, 0, 0, 1, (byte)to.Length, .. to, (byte)from.Length, .. from, .. kind == QuicPacketKinds.Initial ? (byte[])[0] : []];
        int payload = length - head.Length - 2;
        return [.. head, (byte)(0x40 | (payload >> 8)), (byte)payload, .. Enumerable.Repeat((byte)0xaa, payload)];
    }

    internal static byte[] Short(int length, byte[]? destination = null)
    {
        byte[] to = destination ?? ServerId;
        return [0x41, .. to, .. Enumerable.Repeat((byte)0xbb, length - 1 - to.Length)];
    }
}
