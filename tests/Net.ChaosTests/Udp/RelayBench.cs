using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Chaos.Proxy;
using Net.Chaos.Udp;
using Net.Testing;

namespace Net.ChaosTests.Udp;

/// <summary>A relay in memory on a clock that the test moves.</summary>
internal sealed class RelayBench
{
    internal static readonly PeerAddress Client = PeerAddress.From(new IPEndPoint(IPAddress.Parse("127.0.0.1"), 5000));

    private readonly ChaosClock _clock;

    internal RelayBench(ulong seed = 1, int maxSessions = 100, TimeSpan? idle = null, long maxHeldBytes = 1 << 20)
    {
        _clock = new ChaosClock(Time);
        Port = new MemoryUdpPort(() => Time.Elapsed);
        Relay = new UdpRelay(new UdpRelaySettings("p", seed, maxSessions, idle ?? TimeSpan.FromMinutes(2), maxHeldBytes), _clock, Port, Traffic, NullLogger.Instance);
    }

    internal ManualTimeProvider Time { get; } = new();

    internal TrafficCounters Traffic { get; } = new();

    internal MemoryUdpPort Port { get; }

    internal UdpRelay Relay { get; }

    internal MemoryUdpPort.MemoryUpstream Upstream => Port.Upstreams.Last(static u => !u.IsStray);

    /// <summary>Adds a toxic; attributes as JSON.</summary>
    internal Toxic Add(string type, string attributes = "{}", ToxicStream stream = ToxicStream.Upstream, float toxicity = 1, string? name = null)
    {
        Toxic toxic = Make(type, attributes, stream, toxicity, name, _clock.Now);
        Relay.Add(toxic);
        return toxic;
    }

    internal static Toxic Make(string type, string attributes, ToxicStream stream = ToxicStream.Upstream, float toxicity = 1, string? name = null, TimeSpan addedAt = default)
    {
        ToxicType found = ToxicTypes.Find(type, ProxyProtocol.Udp);
        return new Toxic(found, name ?? type, stream, toxicity, new ToxicAttributes(found.Attributes).With(Parse(attributes), ignoresUnknown: false), addedAt);
    }

    internal static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    internal void FromClient(byte[] data, PeerAddress? client = null, byte ecn = 0) => Relay.ReceiveFromClient(client ?? Client, data, data.Length, ecn);

    internal void FromServer(byte[] data, byte ecn = 0) => Relay.ReceiveFromUpstream(Upstream, data, data.Length, ecn);

    /// <summary>Sends datagrams whose first byte is their number.</summary>
    internal void SendNumbered(int count, int length = 10, TimeSpan gap = default)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] data = new byte[length];
            data[0] = (byte)i;
            FromClient(data);
            Advance(gap);
        }
    }

    /// <summary>Moves the clock and lets the relay do what falls due, each at its own time.</summary>
    internal void Advance(TimeSpan by)
    {
        TimeSpan target = Time.Elapsed + by;
        while (Relay.NextDue is { } due && due <= target)
        {
            if (due > Time.Elapsed)
            {
                Time.Advance(due - Time.Elapsed);
            }

            Relay.HandleDue();
        }

        Time.Advance(target - Time.Elapsed);
    }

    internal void Advance(int milliseconds) => Advance(TimeSpan.FromMilliseconds(milliseconds));
}
