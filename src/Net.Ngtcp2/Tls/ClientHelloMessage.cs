using System.Buffers.Binary;

namespace Net.Ngtcp2.Tls;

/// <summary>Reads in the ClientHello (RFC 8446, section 4.1.2) whether the server will have to answer it with a HelloRetryRequest.</summary>
/// <remarks>
/// GnuTLS accepts early data, and hands the key for it to ngtcp2, before it finds that it must ask for another key share. ngtcp2 then meets early data before the client's
/// transport parameters are in force, and aborts the process by an assertion. So early data is not even considered under such a hello, as RFC 8446, section 4.2.10 demands anyway.
/// </remarks>
internal static class ClientHelloMessage
{
    private const ushort SupportedGroupsExtension = 10;
    private const ushort KeyShareExtension = 51;
    private const int VersionAndRandomLength = 2 + 32;

    /// <summary>The groups of <see cref="TlsPriorities"/> by their registered numbers: P-256, P-384, X25519.</summary>
    private static ReadOnlySpan<ushort> OwnGroups => [0x0017, 0x0018, 0x001d];

    /// <summary>Whether the hello brings a key share of the group that GnuTLS will choose: the first of the client's list that is one of ours.</summary>
    /// <param name="message">The message without its handshake header.</param>
    /// <returns><c>false</c> when a retry is needed, and for whatever is not exactly as it should be.</returns>
    public static bool HasShareOfChosenGroup(ReadOnlySpan<byte> message)
    {
        if (message.Length < VersionAndRandomLength)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = message[VersionAndRandomLength..];
        if (!TryTake(ref rest, 1, out _)
            || !TryTake(ref rest, 2, out _)
            || !TryTake(ref rest, 1, out _)
            || !TryTake(ref rest, 2, out ReadOnlySpan<byte> extensions)
            || !rest.IsEmpty)
        {
            return false;
        }

        ushort? group = null;
        ReadOnlySpan<byte> shares = default;
        while (!extensions.IsEmpty)
        {
            if (!TryTakeNumber(ref extensions, out ushort type) || !TryTake(ref extensions, 2, out ReadOnlySpan<byte> content))
            {
                return false;
            }

            if (type == SupportedGroupsExtension)
            {
                // A second list could be the one that GnuTLS believes.
                if (group is not null || !TryTake(ref content, 2, out ReadOnlySpan<byte> groups) || !content.IsEmpty)
                {
                    return false;
                }

                group = FirstOwn(groups);
                if (group is null)
                {
                    return false;
                }
            }
            else if (type == KeyShareExtension)
            {
                if (!shares.IsEmpty || !TryTake(ref content, 2, out shares) || !content.IsEmpty)
                {
                    return false;
                }
            }
        }

        return group is ushort chosen && Holds(shares, chosen);
    }

    private static ushort? FirstOwn(ReadOnlySpan<byte> groups)
    {
        while (TryTakeNumber(ref groups, out ushort group))
        {
            if (OwnGroups.Contains(group))
            {
                return group;
            }
        }

        return null;
    }

    private static bool Holds(ReadOnlySpan<byte> shares, ushort wanted)
    {
        while (TryTakeNumber(ref shares, out ushort group) && TryTake(ref shares, 2, out ReadOnlySpan<byte> key))
        {
            if (group == wanted)
            {
                return !key.IsEmpty;
            }
        }

        return false;
    }

    private static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, out ushort number)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(rest, out number))
        {
            return false;
        }

        rest = rest[2..];
        return true;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, int lengthBytes, out ReadOnlySpan<byte> vector)
    {
        vector = default;
        if (rest.Length < lengthBytes)
        {
            return false;
        }

        int length = lengthBytes == 1 ? rest[0] : BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length - lengthBytes < length)
        {
            return false;
        }

        vector = rest.Slice(lengthBytes, length);
        rest = rest[(lengthBytes + length)..];
        return true;
    }
}
