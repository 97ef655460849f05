using System.Buffers;
using System.Buffers.Binary;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Writes datagrams as a capture file that packet analysers read: IPv4 and UDP headers are made up around them.</summary>
internal sealed class PacketCapture
{
    /// <summary>Port of the server in the file.</summary>
    internal const ushort ServerPort = 4433;

    private const ushort ClientPort = 50_000;
    private const uint RawIp = 101;
    private const int HeaderLength = 28;
    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _file = new();
    private int _packets;

    internal PacketCapture()
    {
        // The file header of libpcap: magic with microseconds, version 2.4, largest packet, link type.
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], RawIp);
        _file.Write(header);
    }

    /// <summary>Notes what passes; usable as a <see cref="RelayObserver"/>.</summary>
    internal bool Observe(RelayDirection direction, ReadOnlySpan<byte> data, ref byte ecn)
    {
        lock (_lock)
        {
            Span<byte> record = stackalloc byte[16 + HeaderLength];
            int length = HeaderLength + data.Length;
            BinaryPrimitives.WriteUInt32LittleEndian(record, 1);
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)_packets++);
            BinaryPrimitives.WriteUInt32LittleEndian(record[8..], (uint)length);
            BinaryPrimitives.WriteUInt32LittleEndian(record[12..], (uint)length);
            Span<byte> ip = record[16..];
            ip[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)length);
            ip[8] = 64;
            ip[9] = 17;
            bool toServer = direction == RelayDirection.ToServer;
            BinaryPrimitives.WriteUInt32BigEndian(ip[12..], toServer ? 0x7f000001u : 0x7f000002u);
            BinaryPrimitives.WriteUInt32BigEndian(ip[16..], toServer ? 0x7f000002u : 0x7f000001u);
            BinaryPrimitives.WriteUInt16BigEndian(ip[20..], toServer ? ClientPort : ServerPort);
            BinaryPrimitives.WriteUInt16BigEndian(ip[22..], toServer ? ServerPort : ClientPort);
            BinaryPrimitives.WriteUInt16BigEndian(ip[24..], (ushort)(8 + data.Length));
            _file.Write(record);
            _file.Write(data);
            return true;
        }
    }

    internal void Save(string path)
    {
        lock (_lock)
        {
            File.WriteAllBytes(path, _file.WrittenSpan);
        }
    }
}
