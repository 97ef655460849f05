using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>Loses datagrams: each with the same probability, or in bursts after Gilbert and Elliott, where the link changes between a good and a bad state.</summary>
internal sealed class LossStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "loss",
        "Loses datagrams, at random or in bursts.",
        [
            ToxicAttribute.Number("probability", "part of the datagrams lost, when p_bad is 0"),
            ToxicAttribute.Number("p_bad", "chance for each datagram that a good link turns bad; above 0 it switches the model to Gilbert-Elliott"),
            ToxicAttribute.Number("p_good", "chance for each datagram that a bad link turns good", 0.5),
            ToxicAttribute.Number("loss_good", "part lost while the link is good"),
            ToxicAttribute.Number("loss_bad", "part lost while the link is bad", 1),
            ToxicAttribute.Whole("max_burst", "datagrams lost in a row at most; 0: no limit"),
        ],
        static toxic => new LossStage(toxic));

    private readonly double _probability = toxic.Attributes.Number("probability");
    private readonly double _turnsBad = toxic.Attributes.Number("p_bad");
    private readonly double _turnsGood = toxic.Attributes.Number("p_good");
    private readonly double _lossGood = toxic.Attributes.Number("loss_good");
    private readonly double _lossBad = toxic.Attributes.Number("loss_bad");
    private readonly long _maxBurst = toxic.Attributes.Whole("max_burst");
    private bool _isBad;
    private long _burst;

    protected override void Handle(Packet packet)
    {
        double probability = _probability;
        if (_turnsBad > 0)
        {
            _isBad = Context.Random.NextChance(_isBad ? 1 - _turnsGood : _turnsBad);
            probability = _isBad ? _lossBad : _lossGood;
        }

        if (Context.Random.NextChance(probability) && (_maxBurst == 0 || _burst < _maxBurst))
        {
            _burst++;
            Drop(packet);
        }
        else
        {
            _burst = 0;
            Forward(packet);
        }
    }
}
