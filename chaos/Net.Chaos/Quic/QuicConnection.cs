namespace Net.Chaos.Quic;

/// <summary>A QUIC connection as it can be told from outside.</summary>
internal sealed class QuicConnection
{
    // What a connection shows of itself during its handshake is two of the client's and two of the server's.
    private const int MaxIds = 16;
    private readonly ClientHelloReader _hello = new();
    private readonly List<byte[]> _clientIds = [];
    private readonly List<byte[]> _serverIds = [];

    internal QuicConnection(int number, uint version, ReadOnlySpan<byte> originalId)
    {
        Number = number;
        Version = version;
        OriginalId = originalId.ToArray();
    }

    /// <summary>Its number in the proxy, from 0, in the order of the first packets.</summary>
    internal int Number { get; }

    internal uint Version { get; }

    /// <summary>The destination identifier of the client's first packet.</summary>
    internal byte[] OriginalId { get; }

    /// <summary>The server name that the client asked for; <c>null</c> when it was not seen.</summary>
    internal string? ServerName => _hello.ServerName;

    internal IReadOnlyList<byte[]> ClientIds => _clientIds;

    internal IReadOnlyList<byte[]> ServerIds => _serverIds;

    internal void AddClientId(ReadOnlySpan<byte> id) => Add(_clientIds, id);

    internal void AddServerId(ReadOnlySpan<byte> id) => Add(_serverIds, id);

    /// <summary>Reads what an Initial packet of the client says.</summary>
    internal void Read(in QuicPacketView packet)
    {
        if (ServerName is not null)
        {
            return;
        }

        // After a Retry the keys come from the identifier that the Retry chose, which the packet itself carries (RFC 9001 section 5.2).
        byte[]? frames = Open(packet, OriginalId) ?? Open(packet, packet.DestinationId);
        if (frames is not null)
        {
            _hello.Add(frames);
        }
    }

    private static byte[]? Open(in QuicPacketView packet, ReadOnlySpan<byte> id)
    {
        using InitialKeys? keys = InitialKeys.Derive(packet.Version, id, isClient: true);
        return keys?.Open(packet);
    }

    private static void Add(List<byte[]> ids, ReadOnlySpan<byte> id)
    {
        if (!id.IsEmpty && ids.Count < MaxIds && !Contains(ids, id))
        {
            ids.Add(id.ToArray());
        }
    }

    internal static bool Contains(IReadOnlyList<byte[]> ids, ReadOnlySpan<byte> id)
    {
        for (int i = 0; i < ids.Count; i++)
        {
            if (id.SequenceEqual(ids[i]))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool ContainsPrefix(IReadOnlyList<byte[]> ids, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < ids.Count; i++)
        {
            if (bytes.StartsWith(ids[i]))
            {
                return true;
            }
        }

        return false;
    }
}
