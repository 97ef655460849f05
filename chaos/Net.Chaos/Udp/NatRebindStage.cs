using System.Net;
using System.Net.Sockets;
using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>A NAT that forgets its mappings: the server sees the client at a new port, or at a new address, every so often.</summary>
internal sealed class NatRebindStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "nat_rebind",
        "Gives sessions a new source port, or address, towards the server.",
        [
            ToxicAttribute.Whole("interval", "ms from one change to the next while datagrams come; 0: not by time"),
            ToxicAttribute.Whole("every", "datagrams of the client from one change to the next; 0: not by count"),
            ToxicAttribute.Whole("count", "changes at most; 0: no limit"),
            ToxicAttribute.Flag("address", "whether the address changes, too: 127.0.0.2, .3 and so on in turn; only for a server on 127.0.0.0/8"),
        ],
        static toxic => new NatRebindStage(toxic),
        check: static a => a.Whole("interval") == 0 && a.Whole("every") == 0 ? "nat_rebind needs an interval or every" : null);

    private const int FirstHost = 2;
    private const int Hosts = 250;
    private readonly TimeSpan _interval = toxic.Attributes.Milliseconds("interval");
    private readonly long _every = toxic.Attributes.Whole("every");
    private readonly long _count = toxic.Attributes.Whole("count");
    private readonly bool _changesAddress = toxic.Attributes.Flag("address");
    private TimeSpan _last;
    private long _seen;
    private long _done;

    protected override void HandleStart() => _last = Context.Now;

    // By what comes and not by a timer: a change that no datagram follows is none that anyone could see.
    protected override void Handle(Packet packet)
    {
        _seen++;
        bool isDue = (_interval > TimeSpan.Zero && Context.Now - _last >= _interval) || (_every > 0 && _seen % _every == 0);
        if (isDue && (_count == 0 || _done < _count))
        {
            _last = Context.Now;
            if (Session.Rebind(_changesAddress ? NextAddress() : null))
            {
                _done++;
                Context.Count(FaultKind.Rebound);
            }
        }

        Forward(packet);
    }

    private IPAddress? NextAddress()
    {
        bool isLoopback = Session.Upstream.Local.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(Session.Upstream.Local.Address);
        return isLoopback ? new IPAddress([127, 0, 0, (byte)(FirstHost + ((Session.Number + Session.Rebindings) % Hosts))]) : null;
    }
}
