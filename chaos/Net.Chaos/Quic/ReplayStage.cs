using System.Net;
using Net.Chaos.Proxy;
using Net.Chaos.Udp;

namespace Net.Chaos.Quic;

/// <summary>Captures what the client sends and sends it to the server again from another port or address, as an attacker on the path can (RFC 9000 section 9.3.3, RFC 8446 section 8).</summary>
internal sealed class ReplayStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "replay",
        "Replays captured datagrams to the server from another port or address.",
        [
            ToxicAttribute.Text("what", "first_flight: all that the client sent before the server's first answer, together, for each QUIC connection; packets: each datagram with a chosen packet", "first_flight", "first_flight", "packets"),
            ToxicAttribute.Whole("copies", "how often each is replayed", 1, min: 1, max: 10_000),
            ToxicAttribute.Whole("delay", "ms from the capture to the first replay, and from one copy to the next", 100, min: 1),
            ToxicAttribute.Text("address", "the address to replay from, such as 127.0.0.9; empty: the same, at another port"),
            .. PacketSelector.Attributes,
        ],
        static toxic => new ReplayStage(toxic),
        check: static a => a.Text("address").Length > 0 && !IPAddress.TryParse(a.Text("address"), out _) ? $"address is '{a.Text("address")}'; it must be an IP address" : PacketSelector.Check(a));

    // A first flight with early data may fill the initial congestion window of ten full datagrams; some clients send more.
    private const int MaxFlight = 64;
    private const int MaxFlights = 256;

    private readonly bool _isFirstFlight = toxic.Attributes.Text("what") == "first_flight";
    private readonly long _copies = toxic.Attributes.Whole("copies");
    private readonly TimeSpan _delay = toxic.Attributes.Milliseconds("delay");
    private readonly IPAddress? _address = toxic.Attributes.Text("address") is { Length: > 0 } text ? IPAddress.Parse(text) : null;
    private readonly PacketSelector _selector = new(toxic.Attributes);
    private readonly List<Flight> _flights = [];
    private UpstreamSocket? _stray;

    protected override void Handle(Packet packet)
    {
        if (!_isFirstFlight)
        {
            Capture(packet);
        }
        else if (FindFlight(packet) is { Datagrams.Count: < MaxFlight } flight)
        {
            flight.Datagrams.Add(packet.Data.ToArray());
        }

        Forward(packet);
    }

    protected override void HandleTimer()
    {
        foreach (Flight flight in _flights.Where(flight => flight.Sent < _copies && flight.Due <= Context.Now))
        {
            flight.Datagrams.ForEach(datagram => Replay(datagram, 0));
            if (++flight.Sent < _copies)
            {
                flight.Due = Context.Now + _delay;
                WakeAt(flight.Due);
            }
        }
    }

    // Held copies are replays: they go to the server from elsewhere, not on through the chain.
    protected override void HandleHeld(Packet packet)
    {
        Replay(packet.Data, packet.Ecn);
        Discard(packet);
    }

    // What was not replayed yet never is: on its own way it would be a duplicate that nobody asked for.
    protected override void HandleHeldAtLeave(Packet packet) => Discard(packet);

    // Clients send many connections from one socket: that the server answered one of them says nothing of the next. Once it has, its client sends to the identifier that the server chose
    // (RFC 9000, section 7.2). What is not QUIC has one flight.
    private Flight? FindFlight(Packet packet)
    {
        QuicPacketView first = QuicPacketView.Read(packet.Data, 0);
        QuicConnection? connection = Context.Stream == ToxicStream.Upstream && first.Kind is QuicPacketKinds.Initial or QuicPacketKinds.ZeroRtt
            ? Session.Quic.Find(ToxicStream.Upstream, first) : null;
        if (connection is null ? Session.HasAnswer : !first.DestinationId.SequenceEqual(connection.OriginalId))
        {
            return null;
        }

        Flight? flight = _flights.Find(f => f.Connection == connection);
        if (flight is null)
        {
            if (_flights.Count == MaxFlights)
            {
                _flights.RemoveAt(0);
            }

            flight = new Flight(connection) { Due = Context.Now + _delay };
            _flights.Add(flight);
            WakeAt(flight.Due);
        }

        return flight;
    }

    private void Capture(Packet packet)
    {
        bool isChosen = false;
        foreach (QuicPacketView one in new QuicDatagram(packet.Data))
        {
            isChosen |= _selector.Selects(one.Kind, Context.Random);
        }

        for (int i = 0; isChosen && i < _copies; i++)
        {
            ForwardAt(NewPacket(packet.Data, packet.Ecn), Context.Now + (_delay * (i + 1)));
        }
    }

    private void Replay(ReadOnlySpan<byte> datagram, byte ecn)
    {
        if (Context.Stream == ToxicStream.Downstream)
        {
            // A client's socket hears one address only, mostly: a replay from there is all that reaches it.
            Inject(ToxicStream.Downstream, datagram, ecn);
        }
        else if ((_stray ??= OpenStray(_address)) is { } stray)
        {
            stray.Send(datagram, Math.Max(1, datagram.Length), ecn);
        }
        else
        {
            return;
        }

        Context.Count(FaultKind.Replayed);
    }

    private sealed class Flight(QuicConnection? connection)
    {
        internal QuicConnection? Connection => connection;

        internal List<byte[]> Datagrams { get; } = [];

        internal TimeSpan Due { get; set; }

        internal long Sent { get; set; }
    }
}
