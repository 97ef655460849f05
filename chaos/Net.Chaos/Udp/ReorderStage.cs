using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>Holds single datagrams back until a few later ones have passed, or a time has.</summary>
internal sealed class ReorderStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "reorder",
        "Lets later datagrams overtake single ones.",
        [
            ToxicAttribute.Number("probability", "part of the datagrams held back"),
            ToxicAttribute.Whole("distance", "datagrams that overtake one that is held", 3, min: 1, max: 1000),
            ToxicAttribute.Whole("delay", "ms after which a held one goes on anyway", 50, min: 1),
        ],
        static toxic => new ReorderStage(toxic));

    private readonly double _probability = toxic.Attributes.Number("probability");
    private readonly long _distance = toxic.Attributes.Whole("distance");
    private readonly TimeSpan _delay = toxic.Attributes.Milliseconds("delay");
    private readonly Queue<(Packet Packet, long Number, TimeSpan Due)> _waiting = new();
    private long _passed;

    protected override void Handle(Packet packet)
    {
        if (_waiting.Count < _distance && Context.Random.NextChance(_probability))
        {
            _waiting.Enqueue((packet, _passed, Context.Now + _delay));
            WakeAt(Context.Now + _delay);
            return;
        }

        HandleIdle(packet);
    }

    // Whatever passes overtakes those that wait, also while no new ones are held.
    protected override void HandleIdle(Packet packet)
    {
        _passed++;
        Forward(packet);
        while (_waiting.TryPeek(out (Packet Packet, long Number, TimeSpan Due) first) && _passed - first.Number >= _distance)
        {
            Release();
        }
    }

    protected override void HandleTimer()
    {
        while (_waiting.TryPeek(out (Packet Packet, long Number, TimeSpan Due) first) && first.Due <= Context.Now)
        {
            Release();
        }
    }

    protected override void HandleLeave(bool passesOn)
    {
        while (_waiting.Count > 0)
        {
            if (passesOn)
            {
                Release();
            }
            else
            {
                Discard(_waiting.Dequeue().Packet);
            }
        }
    }

    private void Release()
    {
        (Packet packet, long number, _) = _waiting.Dequeue();
        if (_passed > number)
        {
            Context.Count(FaultKind.Reordered);
        }

        Forward(packet);
    }
}
