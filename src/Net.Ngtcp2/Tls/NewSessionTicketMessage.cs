using System.Buffers.Binary;

namespace Net.Ngtcp2.Tls;

/// <summary>What <see cref="NewSessionTicketMessage.FindEarlyData"/> found.</summary>
internal enum EarlyDataPermission
{
    /// <summary>The ticket says nothing of early data: there is none.</summary>
    Absent,

    /// <summary>The ticket allows early data in the one way that QUIC knows.</summary>
    Allowed,

    /// <summary>The ticket names a size that QUIC forbids (RFC 9001, section 4.6.1).</summary>
    WrongSize,

    /// <summary>The message does not parse.</summary>
    Malformed,
}

/// <summary>Reads the NewSessionTicket message (RFC 8446, section 4.6.1), as GnuTLS has no way to ask whether a ticket allows early data, nor to leave it out of one.</summary>
internal static class NewSessionTicketMessage
{
    private const ushort EarlyDataExtension = 42;

    // One of the values that RFC 8701, section 2 keeps for nothing: clients must ignore it (section 3.2 allows servers to send it in a ticket).
    private const ushort IgnoredExtension = 0x3a3a;

    private const int ExtensionHeaderLength = 4;

    /// <summary>Looks for the permission of early data.</summary>
    /// <param name="message">The message without its handshake header.</param>
    /// <param name="offset">Where the extension's type stands, or -1 when it is not there.</param>
    /// <returns>What was found.</returns>
    public static EarlyDataPermission FindEarlyData(ReadOnlySpan<byte> message, out int offset)
    {
        offset = -1;

        // uint32 ticket_lifetime; uint32 ticket_age_add; opaque ticket_nonce<0..255>; opaque ticket<1..2^16-1>; Extension extensions<0..2^16-2>;
        int position = 8;
        if (!Skip(message, ref position, lengthBytes: 1) || !Skip(message, ref position, lengthBytes: 2) || message.Length - position < 2)
        {
            return EarlyDataPermission.Malformed;
        }

        int end = position + 2 + BinaryPrimitives.ReadUInt16BigEndian(message[position..]);
        position += 2;
        if (end != message.Length)
        {
            return EarlyDataPermission.Malformed;
        }

        while (position < end)
        {
            if (end - position < ExtensionHeaderLength)
            {
                return EarlyDataPermission.Malformed;
            }

            ushort type = BinaryPrimitives.ReadUInt16BigEndian(message[position..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(message[(position + 2)..]);
            if (length > end - position - ExtensionHeaderLength)
            {
                return EarlyDataPermission.Malformed;
            }

            if (type == EarlyDataExtension)
            {
                offset = position;
                return length == 4 && BinaryPrimitives.ReadUInt32BigEndian(message[(position + ExtensionHeaderLength)..]) == uint.MaxValue
                    ? EarlyDataPermission.Allowed
                    : EarlyDataPermission.WrongSize;
            }

            position += ExtensionHeaderLength + length;
        }

        return EarlyDataPermission.Absent;
    }

    /// <summary>Takes the permission of early data out of a ticket that is about to be sent, by giving the extension a type that clients ignore.</summary>
    /// <param name="message">The message without its handshake header; changed in place, its length stays.</param>
    /// <returns><c>false</c> when the message does not parse, and must not be sent.</returns>
    public static bool TryForbidEarlyData(Span<byte> message)
    {
        EarlyDataPermission found = FindEarlyData(message, out int offset);
        if (offset >= 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(message[offset..], IgnoredExtension);
        }

        return found != EarlyDataPermission.Malformed;
    }

    private static bool Skip(ReadOnlySpan<byte> message, ref int position, int lengthBytes)
    {
        if (message.Length < position + lengthBytes)
        {
            return false;
        }

        int length = lengthBytes == 1 ? message[position] : BinaryPrimitives.ReadUInt16BigEndian(message[position..]);
        position += lengthBytes + length;
        return position <= message.Length;
    }
}
