using Net.Chaos.Proxy;

namespace Net.Chaos.Quic;

/// <summary>Tells the QUIC connections of one client address apart by their identifiers.</summary>
/// <remarks>
/// Identifiers that an endpoint gives out later travel encrypted. A packet with one of these belongs, as far as can be told, to the only connection of the session;
/// where there are several, to none.
/// </remarks>
internal sealed class QuicTracker(QuicConnectionNumbers numbers)
{
    private const int MaxConnections = 256;
    private readonly List<QuicConnection> _connections = [];

    internal IReadOnlyList<QuicConnection> Connections => _connections;

    /// <summary>Finds the connection of a packet, learning identifiers from it. May be shown the same packet again.</summary>
    /// <param name="stream">Which way it goes.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="readsHello">Whether the client's first flight is to be opened for the server name.</param>
    internal QuicConnection? Find(ToxicStream stream, in QuicPacketView packet, bool readsHello = false)
    {
        if (!packet.IsLongHeader)
        {
            return packet.Kind == QuicPacketKinds.OneRtt ? FindShort(stream, packet.Bytes) : null;
        }

        bool isUpstream = stream == ToxicStream.Upstream;
        QuicConnection? connection = FindLong(isUpstream, packet);
        if (connection is null && isUpstream && packet.Kind is QuicPacketKinds.Initial or QuicPacketKinds.ZeroRtt)
        {
            connection = new QuicConnection(numbers.Take(), packet.Version, packet.DestinationId);
            if (_connections.Count == MaxConnections)
            {
                _connections.RemoveAt(0);
            }

            _connections.Add(connection);
        }

        if (connection is null)
        {
            return null;
        }

        if (isUpstream)
        {
            connection.AddClientId(packet.SourceId);
            connection.AddServerId(packet.DestinationId);
            if (readsHello && packet.Kind == QuicPacketKinds.Initial)
            {
                connection.Read(packet);
            }
        }
        else
        {
            connection.AddServerId(packet.SourceId);
        }

        return connection;
    }

    private QuicConnection? FindLong(bool isUpstream, in QuicPacketView packet)
    {
        // From the newest: a client may use an empty identifier for all, and an address again.
        for (int i = _connections.Count - 1; i >= 0; i--)
        {
            QuicConnection connection = _connections[i];
            bool isMatch = isUpstream
                ? QuicConnection.Contains(connection.ServerIds, packet.DestinationId) || QuicConnection.Contains(connection.ClientIds, packet.SourceId)
                : QuicConnection.Contains(connection.ClientIds, packet.DestinationId) || QuicConnection.Contains(connection.ServerIds, packet.SourceId);
            if (isMatch)
            {
                return connection;
            }
        }

        return !isUpstream && packet.DestinationId.IsEmpty && _connections.Count > 0 ? _connections[^1] : null;
    }

    private QuicConnection? FindShort(ToxicStream stream, ReadOnlySpan<byte> packet)
    {
        ReadOnlySpan<byte> id = packet[1..];
        for (int i = _connections.Count - 1; i >= 0; i--)
        {
            if (QuicConnection.ContainsPrefix(stream == ToxicStream.Upstream ? _connections[i].ServerIds : _connections[i].ClientIds, id))
            {
                return _connections[i];
            }
        }

        return _connections.Count == 1 ? _connections[0] : null;
    }
}
