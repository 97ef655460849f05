using System.Net;
using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>What one toxic does to one direction of one UDP session. All calls come from the relay's thread.</summary>
/// <remarks>
/// A toxic is written by deriving from this: <see cref="Handle"/> gets each datagram and passes it on (<see cref="Forward"/>), drops it (<see cref="Drop"/>) or holds it
/// (<see cref="ForwardAt"/>). Who gets a packet owns it and does exactly one of these. When the toxic leaves, what it holds is passed on at once.
/// </remarks>
internal abstract class PacketStage : IDueTarget
{
    private UdpRelay _relay = null!;

    /// <summary>The toxic that it belongs to.</summary>
    internal Toxic Toxic { get; private set; } = null!;

    protected UdpSession Session { get; private set; } = null!;

    protected StageContext Context { get; private set; } = null!;

    internal void Attach(UdpRelay relay, UdpSession session, Toxic toxic, StageContext context)
    {
        _relay = relay;
        Session = session;
        Toxic = toxic;
        Context = context;
        HandleStart();
    }

    /// <summary>Takes a packet from the stage before.</summary>
    internal void Accept(Packet packet)
    {
        if (Context.IsActive)
        {
            Handle(packet);
        }
        else
        {
            HandleIdle(packet);
        }
    }

    /// <inheritdoc/>
    void IDueTarget.HandleDue(Packet? packet)
    {
        if (packet is null)
        {
            HandleTimer();
        }
        else
        {
            HandleHeld(packet);
        }
    }

    /// <summary>The toxic leaves or the session ends.</summary>
    /// <param name="passesOn">Whether what is held goes on; else it is forgotten.</param>
    internal void Leave(bool passesOn)
    {
        HandleLeave(passesOn);
        foreach (Packet packet in _relay.TakeHeld(this))
        {
            if (passesOn)
            {
                HandleHeldAtLeave(packet);
            }
            else
            {
                _relay.Return(packet);
            }
        }
    }

    /// <summary>A datagram came while the toxic acts.</summary>
    protected abstract void Handle(Packet packet);

    /// <summary>A datagram came while the toxic does not act, because of its toxicity or its schedule. Passes it on unless told otherwise.</summary>
    protected virtual void HandleIdle(Packet packet) => Forward(packet);

    /// <summary>The time of a held packet has come. Passes it on unless told otherwise.</summary>
    protected virtual void HandleHeld(Packet packet) => Forward(packet);

    /// <summary>A time asked for with <see cref="WakeAt"/> has come.</summary>
    protected virtual void HandleTimer()
    {
    }

    /// <summary>The stage meets its session.</summary>
    protected virtual void HandleStart()
    {
    }

    /// <summary>The stage leaves: what it keeps itself is given to <see cref="Forward"/> or, when the session ends, to <see cref="Discard"/>. What waits in the timer queue follows.</summary>
    protected virtual void HandleLeave(bool passesOn)
    {
    }

    /// <summary>A packet was held when the toxic left. Passes it on unless told otherwise.</summary>
    protected virtual void HandleHeldAtLeave(Packet packet) => Forward(packet);

    /// <summary>Passes a packet on to the next stage or the wire.</summary>
    protected void Forward(Packet packet) => Session.PassOn(this, Context.Stream, packet);

    /// <summary>Holds a packet until a time. When the proxy holds as much as it may, the packet is lost and counted as an overflow.</summary>
    protected void ForwardAt(Packet packet, TimeSpan due)
    {
        if (due <= Context.Now)
        {
            Forward(packet);
        }
        else
        {
            _relay.Hold(this, packet, due);
        }
    }

    /// <summary>Loses a packet and counts it.</summary>
    protected void Drop(Packet packet, FaultKind kind = FaultKind.Dropped)
    {
        Context.Count(kind);
        _relay.Return(packet);
    }

    /// <summary>Gives a packet back without a fault.</summary>
    protected void Discard(Packet packet) => _relay.Return(packet);

    /// <summary>A packet with a copy of some bytes.</summary>
    protected Packet NewPacket(ReadOnlySpan<byte> data, byte ecn) => _relay.NewPacket(data, ecn);

    /// <summary>Asks for <see cref="HandleTimer"/> at a time.</summary>
    protected void WakeAt(TimeSpan due) => _relay.Wake(this, due);

    /// <summary>Puts a datagram on the wire in one direction, past all toxics.</summary>
    protected void Inject(ToxicStream stream, ReadOnlySpan<byte> data, byte ecn = 0) => Session.Send(stream, data, data.Length, ecn);

    /// <summary>Opens another way to the server, from which nothing comes back to the client. It belongs to the session and ends with it.</summary>
    /// <returns><c>null</c> when the system refuses; the relay has logged why.</returns>
    protected UpstreamSocket? OpenStray(IPAddress? source) => _relay.OpenUpstream(Session, source, isStray: true);
}
