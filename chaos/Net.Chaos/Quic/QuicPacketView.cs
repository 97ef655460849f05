using System.Buffers.Binary;

namespace Net.Chaos.Quic;

/// <summary>One QUIC packet within a datagram, as far as its header can be read without keys.</summary>
internal readonly ref struct QuicPacketView
{
    private QuicPacketView(ReadOnlySpan<byte> bytes, QuicPacketKinds kind, int offset)
    {
        Bytes = bytes;
        Kind = kind;
        Offset = offset;
    }

    /// <summary>The packet.</summary>
    internal ReadOnlySpan<byte> Bytes { get; }

    internal QuicPacketKinds Kind { get; }

    /// <summary>Where it begins in the datagram.</summary>
    internal int Offset { get; }

    internal uint Version { get; private init; }

    /// <summary>Of a long header; a short header does not say how long the identifier is, and this is empty.</summary>
    internal ReadOnlySpan<byte> DestinationId { get; private init; }

    internal ReadOnlySpan<byte> SourceId { get; private init; }

    /// <summary>The token of an Initial.</summary>
    internal ReadOnlySpan<byte> Token { get; private init; }

    /// <summary>Where the protected packet number of a long header begins, in <see cref="Bytes"/>.</summary>
    internal int NumberOffset { get; private init; }

    internal bool IsLongHeader => Bytes.Length > 0 && (Bytes[0] & 0x80) != 0;

    /// <summary>Reads the packet at the beginning of what is left of a datagram.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <param name="offset">Where the packet begins.</param>
    internal static QuicPacketView Read(ReadOnlySpan<byte> datagram, int offset)
    {
        ReadOnlySpan<byte> rest = datagram[offset..];
        if ((rest[0] & 0x80) == 0)
        {
            // Behind another packet, zero bytes are padding that some senders put there; the fixed bit tells (RFC 9000 section 17.3.1).
            return new QuicPacketView(rest, offset > 0 && (rest[0] & 0x40) == 0 ? QuicPacketKinds.Other : QuicPacketKinds.OneRtt, offset);
        }

        if (rest.Length < 7)
        {
            return new QuicPacketView(rest, QuicPacketKinds.Other, offset);
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(rest[1..]);
        int position = 5;
        if (!TryTakeId(rest, ref position, out ReadOnlySpan<byte> destination) || !TryTakeId(rest, ref position, out ReadOnlySpan<byte> source))
        {
            return new QuicPacketView(rest, QuicPacketKinds.Other, offset);
        }

        QuicPacketKinds kind = KindOf(version, rest[0]);
        ReadOnlySpan<byte> token = default;
        if (kind == QuicPacketKinds.Initial && !TryTakeToken(rest, ref position, out token))
        {
            return new QuicPacketView(rest, QuicPacketKinds.Other, offset);
        }

        int length = rest.Length;
        if (kind is QuicPacketKinds.Initial or QuicPacketKinds.ZeroRtt or QuicPacketKinds.Handshake)
        {
            if (!TryTakeInteger(rest, ref position, out ulong payload) || payload > (ulong)(rest.Length - position))
            {
                return new QuicPacketView(rest, QuicPacketKinds.Other, offset);
            }

            length = position + (int)payload;
        }

        // Retry, Version Negotiation and unknown versions have no length: they take the rest of the datagram (RFC 9000 section 12.2).
        return new QuicPacketView(rest[..length], kind, offset)
        {
            Version = version,
            DestinationId = destination,
            SourceId = source,
            Token = token,
            NumberOffset = position,
        };
    }

    /// <summary>Reads a variable-length integer (RFC 9000 section 16).</summary>
    internal static bool TryTakeInteger(ReadOnlySpan<byte> bytes, ref int position, out ulong value)
    {
        value = 0;
        if (position >= bytes.Length)
        {
            return false;
        }

        int length = 1 << (bytes[position] >> 6);
        if (bytes.Length - position < length)
        {
            return false;
        }

        value = (ulong)(bytes[position] & 0x3f);
        for (int i = 1; i < length; i++)
        {
            value = (value << 8) | bytes[position + i];
        }

        position += length;
        return true;
    }

    private static QuicPacketKinds KindOf(uint version, byte first) => (version, (first >> 4) & 3) switch
    {
        (QuicVersions.Negotiation, _) => QuicPacketKinds.VersionNegotiation,
        (QuicVersions.One, 0) or (QuicVersions.Two, 1) => QuicPacketKinds.Initial,
        (QuicVersions.One, 1) or (QuicVersions.Two, 2) => QuicPacketKinds.ZeroRtt,
        (QuicVersions.One, 2) or (QuicVersions.Two, 3) => QuicPacketKinds.Handshake,
        (QuicVersions.One, 3) or (QuicVersions.Two, 0) => QuicPacketKinds.Retry,
        _ => QuicPacketKinds.UnknownVersion,
    };

    private static bool TryTakeId(ReadOnlySpan<byte> bytes, scoped ref int position, out ReadOnlySpan<byte> id)
    {
        id = default;
        if (position >= bytes.Length || bytes.Length - position - 1 < bytes[position])
        {
            return false;
        }

        id = bytes.Slice(position + 1, bytes[position]);
        position += 1 + id.Length;
        return true;
    }

    private static bool TryTakeToken(ReadOnlySpan<byte> bytes, scoped ref int position, out ReadOnlySpan<byte> token)
    {
        token = default;
        if (!TryTakeInteger(bytes, ref position, out ulong length) || length > (ulong)(bytes.Length - position))
        {
            return false;
        }

        token = bytes.Slice(position, (int)length);
        position += (int)length;
        return true;
    }
}
