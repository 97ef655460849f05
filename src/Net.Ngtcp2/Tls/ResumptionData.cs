using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Net.Ngtcp2.Tls;

/// <summary>What a client keeps of a session beside what GnuTLS packs itself.</summary>
/// <param name="ApplicationProtocol">The protocol of the session: 0-RTT data is only valid under the same one (RFC 8446, section 4.2.10).</param>
/// <param name="AllowsEarlyData">Whether the server's ticket allows 0-RTT.</param>
/// <param name="Owner">Who this side was in the session (<see cref="TlsCredentials.Fingerprint"/>): with it another identity would speak as this one.</param>
/// <param name="PeerChain">The server's chain, as GnuTLS does not show that of a packed session before the handshake, and it is to be judged by then.</param>
/// <param name="Session">The session as GnuTLS packed it.</param>
/// <remarks>
/// The bytes of <see cref="SessionTicket.Session"/>: format 2, flags, length of the protocol, the protocol, 16 bytes of the owner, number of certificates, each with a length of four bytes in front, the rest.
/// </remarks>
internal sealed record ResumptionData(
    string ApplicationProtocol, bool AllowsEarlyData, UInt128 Owner, IReadOnlyList<ReadOnlyMemory<byte>> PeerChain, ReadOnlyMemory<byte> Session)
{
    private const byte Format = 2;
    private const int OwnerLength = 16;
    private const byte EarlyDataFlag = 1;

    /// <summary>Writes it as one piece.</summary>
    /// <returns>Bytes for <see cref="TryParse"/>; secret.</returns>
    public byte[] ToArray()
    {
        int protocolLength = Encoding.ASCII.GetByteCount(ApplicationProtocol);
        var result = new byte[3 + protocolLength + OwnerLength + 1 + PeerChain.Sum(static certificate => 4 + certificate.Length) + Session.Length];
        result[0] = Format;
        result[1] = AllowsEarlyData ? EarlyDataFlag : (byte)0;
        result[2] = checked((byte)protocolLength);
        Encoding.ASCII.GetBytes(ApplicationProtocol, result.AsSpan(3));
        int position = 3 + protocolLength;
        BinaryPrimitives.WriteUInt128LittleEndian(result.AsSpan(position), Owner);
        position += OwnerLength;
        result[position++] = checked((byte)PeerChain.Count);
        foreach (ReadOnlyMemory<byte> certificate in PeerChain)
        {
            BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(position), certificate.Length);
            certificate.Span.CopyTo(result.AsSpan(position + 4));
            position += 4 + certificate.Length;
        }

        Session.Span.CopyTo(result.AsSpan(position));
        return result;
    }

    /// <summary>Reads what <see cref="ToArray"/> wrote.</summary>
    /// <param name="source">The bytes; the result refers to them.</param>
    /// <param name="data">The parts.</param>
    /// <returns><c>false</c> when they come from elsewhere or from another version.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> source, [NotNullWhen(true)] out ResumptionData? data)
    {
        data = null;
        ReadOnlySpan<byte> span = source.Span;
        if (span.Length < 4 || span[0] != Format || span[1] > EarlyDataFlag || span[2] == 0 || span.Length < 4 + span[2] + OwnerLength)
        {
            return false;
        }

        ReadOnlySpan<byte> protocol = span.Slice(3, span[2]);
        int position = 3 + protocol.Length;
        UInt128 owner = BinaryPrimitives.ReadUInt128LittleEndian(span[position..]);
        position += OwnerLength;
        var chain = new ReadOnlyMemory<byte>[span[position++]];
        for (int i = 0; i < chain.Length; i++)
        {
            if (span.Length - position < 4)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadInt32LittleEndian(span[position..]);
            position += 4;
            if (length < 0 || length > span.Length - position)
            {
                return false;
            }

            chain[i] = source.Slice(position, length);
            position += length;
        }

        if (position == span.Length || !Ascii.IsValid(protocol))
        {
            return false;
        }

        data = new ResumptionData(Encoding.ASCII.GetString(protocol), span[1] == EarlyDataFlag, owner, chain, source[position..]);
        return true;
    }
}
