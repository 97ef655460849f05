using Net.Chaos.Proxy;
using Net.Chaos.Udp;

namespace Net.Chaos.Quic;

/// <summary>Cuts single QUIC connections and leaves others alone, also those of the same client address.</summary>
internal sealed class QuicCutStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "quic_cut",
        "Cuts chosen QUIC connections among many.",
        [
            ToxicAttribute.Whole("connection", "number of the connection in the proxy, from 0; -1: any", -1, min: -1),
            ToxicAttribute.Whole("every", "every so many connections, such as 3 for numbers 0, 3, 6; 0: any"),
            ToxicAttribute.Text("sni", "only connections whose client asks for this server name"),
            ToxicAttribute.Text("cid", "only connections of which one identifier begins with these hexadecimal digits"),
            ToxicAttribute.Flag("full", "whether both directions are cut; else only that of the stream", true),
        ],
        static toxic => new QuicCutStage(toxic),
        static _ => true,
        static a => IsHex(a.Text("cid")) ? null : $"cid is '{a.Text("cid")}'; it must be hexadecimal digits, two for each byte");

    private readonly long _number = toxic.Attributes.Whole("connection");
    private readonly long _every = toxic.Attributes.Whole("every");
    private readonly string _serverName = toxic.Attributes.Text("sni");
    private readonly byte[] _id = Convert.FromHexString(toxic.Attributes.Text("cid"));
    private readonly bool _isFull = toxic.Attributes.Flag("full");

    protected override void Handle(Packet packet) => Look(packet, isActive: true);

    // Identifiers are learnt all the time, since a connection shows them only at its beginning.
    protected override void HandleIdle(Packet packet) => Look(packet, isActive: false);

    private static bool IsHex(string text) => text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);

    private void Look(Packet packet, bool isActive)
    {
        QuicConnection? connection = null;
        foreach (QuicPacketView one in new QuicDatagram(packet.Data))
        {
            // All packets of a datagram belong to one connection (RFC 9000 section 12.2).
            connection = Session.Quic.Find(Context.Stream, one, _serverName.Length > 0) ?? connection;
        }

        if (isActive && connection is not null && (_isFull || Context.Stream == Toxic.Stream) && IsMeant(connection))
        {
            Drop(packet);
        }
        else
        {
            Forward(packet);
        }
    }

    private bool IsMeant(QuicConnection connection) =>
        (_number < 0 || connection.Number == _number)
        && (_every == 0 || connection.Number % _every == 0)
        && (_serverName.Length == 0 || string.Equals(connection.ServerName, _serverName, StringComparison.OrdinalIgnoreCase))
        && (_id.Length == 0 || connection.ServerIds.Concat(connection.ClientIds).Any(id => id.AsSpan().StartsWith(_id)));
}
