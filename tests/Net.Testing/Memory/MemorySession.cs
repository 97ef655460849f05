using System.Security.Cryptography;
using System.Text;

namespace Net.Testing;

/// <summary>What a session ticket says. Real tickets are sealed; this one carries a digest of the key it was made with.</summary>
/// <param name="ApplicationProtocol">The protocol agreed on.</param>
/// <param name="ServerName">The name in SNI, or empty.</param>
/// <param name="ServerChain">The server's chain, DER.</param>
/// <param name="ClientChain">The client's chain, DER; empty when it showed none.</param>
internal sealed record MemorySession(
    string ApplicationProtocol, string ServerName, IReadOnlyList<ReadOnlyMemory<byte>> ServerChain, IReadOnlyList<ReadOnlyMemory<byte>> ClientChain)
{
    /// <summary>Writes a ticket.</summary>
    /// <param name="ticketKey">The server's key.</param>
    /// <returns>Its bytes.</returns>
    public ReadOnlyMemory<byte> Seal(ReadOnlyMemory<byte> ticketKey)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(SHA256.HashData(ticketKey.Span));
        writer.Write(ApplicationProtocol);
        writer.Write(ServerName);
        Write(writer, ServerChain);
        Write(writer, ClientChain);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads a ticket.</summary>
    /// <param name="ticket">Its bytes, maybe empty or nonsense.</param>
    /// <param name="ticketKey">The server's key.</param>
    /// <returns>The session, or <c>null</c> when the ticket is not of this key.</returns>
    public static MemorySession? TryOpen(ReadOnlyMemory<byte> ticket, ReadOnlyMemory<byte> ticketKey)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(ticket.ToArray()), Encoding.UTF8);
            return reader.ReadBytes(SHA256.HashSizeInBytes).AsSpan().SequenceEqual(SHA256.HashData(ticketKey.Span))
                ? new MemorySession(reader.ReadString(), reader.ReadString(), ReadChain(reader), ReadChain(reader))
                : null;
        }
        catch (Exception exception) when (exception is IOException or FormatException)
        {
            return null;
        }
    }

    private static void Write(BinaryWriter writer, IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        writer.Write7BitEncodedInt(chain.Count);
        foreach (ReadOnlyMemory<byte> certificate in chain)
        {
            writer.Write7BitEncodedInt(certificate.Length);
            writer.Write(certificate.Span);
        }
    }

    private static ReadOnlyMemory<byte>[] ReadChain(BinaryReader reader)
    {
        var chain = new ReadOnlyMemory<byte>[reader.Read7BitEncodedInt()];
        for (int i = 0; i < chain.Length; i++)
        {
            chain[i] = reader.ReadBytes(reader.Read7BitEncodedInt());
        }

        return chain;
    }
}
