using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Net.Ngtcp2.Tls;

/// <summary>What a client keeps of a session beside what GnuTLS packs itself.</summary>
/// <param name="ApplicationProtocol">The protocol of the session: 0-RTT data is only valid under the same one (RFC 8446, section 4.2.10).</param>
/// <param name="AllowsEarlyData">Whether the server's ticket allows 0-RTT.</param>
/// <param name="Session">The session as GnuTLS packed it.</param>
/// <remarks>On the wire of <see cref="SessionTicket.Session"/>: format 1, flags, length of the protocol, the protocol, the rest.</remarks>
internal readonly record struct ResumptionData(string ApplicationProtocol, bool AllowsEarlyData, ReadOnlyMemory<byte> Session)
{
    private const byte Format = 1;
    private const byte EarlyDataFlag = 1;
    private const int HeaderLength = 3;

    /// <summary>Writes it as one piece.</summary>
    /// <returns>Bytes for <see cref="TryParse"/>; secret.</returns>
    public byte[] ToArray()
    {
        int protocolLength = Encoding.ASCII.GetByteCount(ApplicationProtocol);
        var result = new byte[HeaderLength + protocolLength + Session.Length];
        result[0] = Format;
        result[1] = AllowsEarlyData ? EarlyDataFlag : (byte)0;
        result[2] = checked((byte)protocolLength);
        Encoding.ASCII.GetBytes(ApplicationProtocol, result.AsSpan(HeaderLength));
        Session.CopyTo(result.AsMemory(HeaderLength + protocolLength));
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
        if (span.Length < HeaderLength || span[0] != Format || span[1] > EarlyDataFlag)
        {
            return false;
        }

        int protocolLength = span[2];
        if (protocolLength == 0 || span.Length <= HeaderLength + protocolLength || !Ascii.IsValid(span.Slice(HeaderLength, protocolLength)))
        {
            return false;
        }

        data = new ResumptionData(
            Encoding.ASCII.GetString(span.Slice(HeaderLength, protocolLength)), span[1] == EarlyDataFlag, source[(HeaderLength + protocolLength)..]);
        return true;
    }
}
