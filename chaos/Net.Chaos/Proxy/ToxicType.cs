using Net.Chaos.Tcp;
using Net.Chaos.Udp;

namespace Net.Chaos.Proxy;

/// <summary>A kind of toxic: its name, its attributes, and what makes one stage of a connection or session out of it.</summary>
internal sealed class ToxicType
{
    private static readonly ToxicAttribute[] ScheduleAttributes =
    [
        ToxicAttribute.Whole("start", "ms after it was added until it first acts").Quietly(),
        ToxicAttribute.Whole("duration", "ms that it then acts; 0: for good").Quietly(),
        ToxicAttribute.Whole("stop", "ms after it was added when it ends, in place of duration").Quietly(),
        ToxicAttribute.Whole("period", "ms from the beginning of one action to the next; 0: it acts once").Quietly(),
    ];

    private ToxicType(string name, ProxyProtocol protocol, string help, IReadOnlyList<ToxicAttribute> attributes)
    {
        Name = name;
        Protocol = protocol;
        Help = help;
        Attributes = [.. attributes, .. ScheduleAttributes];
    }

    internal string Name { get; }

    internal ProxyProtocol Protocol { get; }

    /// <summary>One sentence of what it does.</summary>
    internal string Help { get; }

    /// <summary>Its own attributes, then those of the schedule, which every type has.</summary>
    internal IReadOnlyList<ToxicAttribute> Attributes { get; }

    /// <summary>Whether toxiproxy has it, too: it then passes over attributes that it does not know, as toxiproxy does.</summary>
    internal bool IsClassic { get; init; }

    /// <summary>Whether it must see both directions, whatever its stream says.</summary>
    internal Func<ToxicAttributes, bool> IsBidirectional { get; init; } = static _ => false;

    /// <summary>Says what is wrong with attributes that are each in their range; <c>null</c> when nothing is.</summary>
    internal Func<ToxicAttributes, string?> Check { get; init; } = static _ => null;

    internal Func<Toxic, StreamStage>? CreateStreamStage { get; private init; }

    internal Func<Toxic, PacketStage>? CreatePacketStage { get; private init; }

    /// <summary>A type for TCP connections.</summary>
    internal static ToxicType ForStreams(string name, string help, IReadOnlyList<ToxicAttribute> attributes, Func<Toxic, StreamStage> create) =>
        new(name, ProxyProtocol.Tcp, help, attributes) { CreateStreamStage = create, IsClassic = true };

    /// <summary>A type for UDP sessions.</summary>
    internal static ToxicType ForPackets(
        string name, string help, IReadOnlyList<ToxicAttribute> attributes, Func<Toxic, PacketStage> create, Func<ToxicAttributes, bool>? isBidirectional = null, Func<ToxicAttributes, string?>? check = null) =>
        new(name, ProxyProtocol.Udp, help, attributes) { CreatePacketStage = create, IsBidirectional = isBidirectional ?? (static _ => false), Check = check ?? (static _ => null) };

    internal static ToxicSchedule ReadSchedule(ToxicAttributes attributes)
    {
        TimeSpan start = attributes.Milliseconds("start");
        TimeSpan duration = attributes.Milliseconds("duration");
        TimeSpan stop = attributes.Milliseconds("stop");
        TimeSpan period = attributes.Milliseconds("period");
        string? fault =
            stop != TimeSpan.Zero && duration != TimeSpan.Zero ? "give stop or duration, not both"
            : stop != TimeSpan.Zero && stop <= start ? "stop must be later than start"
            : period != TimeSpan.Zero && stop == TimeSpan.Zero && duration == TimeSpan.Zero ? "period needs a duration or a stop"
            : period != TimeSpan.Zero && period <= (stop != TimeSpan.Zero ? stop - start : duration) ? "period must be longer than what is repeated"
            : null;
        return fault is null
            ? new ToxicSchedule(start, stop != TimeSpan.Zero ? stop - start : duration, period)
            : throw ChaosException.BadBody(fault);
    }
}
