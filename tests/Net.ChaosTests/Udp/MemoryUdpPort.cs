using System.Net;
using Net.Chaos.Udp;

namespace Net.ChaosTests.Udp;

/// <summary>A datagram that left a relay.</summary>
/// <param name="At">When, on the clock of the test.</param>
/// <param name="From">Where the server sees it come from; <c>null</c> towards a client.</param>
/// <param name="To">The client; the default towards the server.</param>
/// <param name="Data">The payload.</param>
/// <param name="Ecn">The mark.</param>
internal sealed record SentDatagram(TimeSpan At, IPEndPoint? From, PeerAddress To, byte[] Data, byte Ecn)
{
    internal int First => Data[0];

    /// <summary>Everything that can be told of it, to compare whole runs.</summary>
    public override string ToString() => $"{At.Ticks} {From} {(From is null ? To.ToString() : "")} {Ecn} {Convert.ToHexString(Data)}";
}

/// <summary>The network of a relay in memory: keeps what leaves, in order.</summary>
internal sealed class MemoryUdpPort(Func<TimeSpan> now) : IUdpPort
{
    private int _nextPort = 40_000;

    internal List<SentDatagram> Sent { get; } = [];

    internal List<MemoryUpstream> Upstreams { get; } = [];

    /// <summary>Addresses that cannot be bound.</summary>
    internal HashSet<IPAddress> Refused { get; } = [];

    internal List<SentDatagram> ToServer => [.. Sent.Where(static d => d.From is not null)];

    internal List<SentDatagram> ToClient => [.. Sent.Where(static d => d.From is null)];

    public void SendToClient(in PeerAddress client, ReadOnlySpan<byte> data, int segmentSize, byte ecn) => Keep(null, client, data, segmentSize, ecn);

    public UpstreamSocket OpenUpstream(UdpSession session, IPAddress? source, bool isStray)
    {
        if (source is not null && Refused.Contains(source))
        {
            throw new IOException($"{source} is not an address of this machine.");
        }

        var socket = new MemoryUpstream(this, session, new IPEndPoint(source ?? IPAddress.Loopback, _nextPort++), isStray);
        Upstreams.Add(socket);
        return socket;
    }

    private void Keep(IPEndPoint? from, PeerAddress to, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        for (int offset = 0; offset == 0 || offset < data.Length; offset += segmentSize)
        {
            Sent.Add(new SentDatagram(now(), from, to, data.Slice(offset, Math.Min(segmentSize, data.Length - offset)).ToArray(), ecn));
        }
    }

    internal sealed class MemoryUpstream(MemoryUdpPort port, UdpSession session, IPEndPoint local, bool isStray) : UpstreamSocket(session, isStray)
    {
        internal bool IsMuted { get; private set; }

        internal bool IsClosed { get; private set; }

        internal override IPEndPoint Local => local;

        internal override void Send(ReadOnlySpan<byte> data, int segmentSize, byte ecn)
        {
            Assert.IsFalse(IsMuted || IsClosed, "The relay sends on a socket that it has given up.");
            port.Keep(local, default, data, segmentSize, ecn);
        }

        internal override void Mute() => IsMuted = true;

        internal override void Close() => IsClosed = true;
    }
}
