using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>Delays datagrams. With jitter they overtake one another, as on a real path, unless order is to be kept.</summary>
internal sealed class PacketLatencyStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "latency",
        "Delays datagrams, with jitter from a distribution.",
        [
            ToxicAttribute.Whole("latency", "ms"),
            ToxicAttribute.Whole("jitter", "ms: half the width (uniform), the deviation (normal), the scale of the tail (pareto)"),
            ToxicAttribute.Text("distribution", "of the jitter", "uniform", "uniform", "normal", "pareto"),
            ToxicAttribute.Flag("keep_order", "whether no datagram leaves before one that came earlier"),
        ],
        static toxic => new PacketLatencyStage(toxic));

    // A heavy tail with a finite mean and deviation: the mean delay of the tail is half its scale.
    private const double ParetoShape = 3;

    // One in 10^9 would wait for minutes otherwise.
    private const double ParetoLimit = 100;

    private readonly TimeSpan _latency = toxic.Attributes.Milliseconds("latency");
    private readonly TimeSpan _jitter = toxic.Attributes.Milliseconds("jitter");
    private readonly string _distribution = toxic.Attributes.Text("distribution");
    private readonly bool _keepsOrder = toxic.Attributes.Flag("keep_order");
    private TimeSpan _last;

    protected override void Handle(Packet packet)
    {
        TimeSpan delay = _latency + (_jitter * Draw());
        TimeSpan due = Context.Now + delay;
        if (_keepsOrder)
        {
            due = _last = due > _last ? due : _last;
        }

        if (due > Context.Now)
        {
            Context.Count(FaultKind.Delayed);
        }

        ForwardAt(packet, due);
    }

    private double Draw() => _distribution switch
    {
        "normal" => Context.Random.NextNormal(),
        "pareto" => Math.Min(Math.Pow(1 - Context.Random.NextDouble(), -1 / ParetoShape) - 1, ParetoLimit),
        _ => (2 * Context.Random.NextDouble()) - 1,
    };
}
