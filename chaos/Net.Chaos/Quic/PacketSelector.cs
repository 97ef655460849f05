using Net.Chaos.Proxy;

namespace Net.Chaos.Quic;

/// <summary>Chooses packets by kind, number and chance: what the toxics for single QUIC packets have in common.</summary>
internal sealed class PacketSelector
{
    internal static readonly ToxicAttribute[] Attributes =
    [
        ToxicAttribute.Text("packets", "kinds with commas between: initial, 0rtt, handshake, retry, 1rtt, vn; all", "all"),
        ToxicAttribute.Number("probability", "part of these packets", 1),
        ToxicAttribute.Whole("nth", "only the n-th of these packets in a session, from 1; 0: any"),
        ToxicAttribute.Whole("every", "only every so many of these packets; 0: any"),
        ToxicAttribute.Whole("count", "packets at most in a session; 0: no limit"),
    ];

    private readonly QuicPacketKinds _kinds;
    private readonly double _probability;
    private readonly long _nth;
    private readonly long _every;
    private readonly long _count;
    private long _seen;
    private long _chosen;

    internal PacketSelector(ToxicAttributes attributes)
    {
        _kinds = TryParse(attributes.Text("packets"), out QuicPacketKinds kinds) ? kinds : QuicPacketKinds.None;
        _probability = attributes.Number("probability");
        _nth = attributes.Whole("nth");
        _every = attributes.Whole("every");
        _count = attributes.Whole("count");
    }

    /// <summary>Says what is wrong with the attributes; <c>null</c> when nothing is.</summary>
    internal static string? Check(ToxicAttributes attributes) => TryParse(attributes.Text("packets"), out _)
        ? null
        : $"packets is '{attributes.Text("packets")}'; it must name initial, 0rtt, handshake, retry, 1rtt, vn or all, with commas between";

    /// <summary>Whether a packet is meant. Counts it.</summary>
    internal bool Selects(QuicPacketKinds kind, FaultRandom random)
    {
        if ((kind & _kinds) == 0)
        {
            return false;
        }

        _seen++;
        bool isChosen = random.NextChance(_probability)
            && (_nth == 0 || _seen == _nth)
            && (_every == 0 || _seen % _every == 0)
            && (_count == 0 || _chosen < _count);
        _chosen += isChosen ? 1 : 0;
        return isChosen;
    }

    private static bool TryParse(string text, out QuicPacketKinds kinds)
    {
        kinds = QuicPacketKinds.None;
        foreach (string name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            QuicPacketKinds kind = name switch
            {
                "initial" => QuicPacketKinds.Initial,
                "0rtt" => QuicPacketKinds.ZeroRtt,
                "handshake" => QuicPacketKinds.Handshake,
                "retry" => QuicPacketKinds.Retry,
                "1rtt" => QuicPacketKinds.OneRtt,
                "vn" => QuicPacketKinds.VersionNegotiation,
                "all" => QuicPacketKinds.All,
                _ => QuicPacketKinds.None,
            };
            if (kind == QuicPacketKinds.None)
            {
                return false;
            }

            kinds |= kind;
        }

        return kinds != QuicPacketKinds.None;
    }
}
