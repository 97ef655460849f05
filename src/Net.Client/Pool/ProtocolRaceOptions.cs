namespace Net.Client;

/// <summary>How a protocol is raced against its fallback over TCP at each end point, in the spirit of RFC 8305.</summary>
/// <remarks>
/// QUIC begins; TCP follows after a head start, or at once when QUIC fails. Who is ready first serves the next call; when that was TCP, the attempt over QUIC goes on, and takes the calls over once it
/// is up. Each lost race teaches the end point that UDP may be blocked here, which halves the head start and doubles the pause before QUIC is tried again; the memory fades by itself.
/// </remarks>
public sealed record ProtocolRaceOptions
{
    /// <summary>The defaults.</summary>
    public static ProtocolRaceOptions Default { get; } = new();

    /// <summary>What may be used. Default <see cref="FallbackPolicy.Prefer"/>.</summary>
    /// <remarks>
    /// Prefer, but in networks that are known: <see cref="FallbackPolicy.Only"/> saves the attempts where UDP is blocked for good, <see cref="FallbackPolicy.Exact"/> tells by failing where it must not
    /// be.
    /// </remarks>
    public FallbackPolicy Policy { get; init; }

    /// <summary>How long QUIC is alone when nothing is known of the end point. Default 250 ms (RFC 8305, section 5); range 0 to 10 s.</summary>
    /// <remarks>Longer gives QUIC the first call more often; shorter makes the first call quicker where UDP is blocked.</remarks>
    public TimeSpan HeadStart { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The shortest head start of a path that is not remembered as blocked. Default 50 ms; range 0 to 10 s.</summary>
    /// <remarks>Above the time that a server takes for a handshake under load, or TCP wins by chance.</remarks>
    public TimeSpan MinHeadStart { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest head start. Default 2 s (RFC 8305, section 8); range <see cref="MinHeadStart"/> to 10 s.</summary>
    /// <remarks>The longest that a first call waits for QUIC on a path that is slow but known to carry it.</remarks>
    public TimeSpan MaxHeadStart { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The head start where a round-trip time is remembered, in round trips: a handshake takes one, the rest is the server's work and one retransmission. Default 4; range 1 to 100.</summary>
    /// <remarks>Raise it for networks that lose much, where a handshake may take a second try.</remarks>
    public double HeadStartRoundTrips { get; init; } = 4;

    /// <summary>Time in which half of the memory of blocked UDP fades. Default 5 min; range 1 s to 24 h.</summary>
    /// <remarks>Longer saves attempts in networks that block UDP for good, shorter returns sooner after a roam.</remarks>
    public TimeSpan MemoryHalfLife { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Pause before QUIC is tried again while the fallback serves; doubles with each failure. Default 5 s; range 100 ms to 1 h.</summary>
    /// <remarks>Shorter returns to QUIC sooner after a short interruption.</remarks>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest such pause. Default 2 min; range <see cref="ProbeInterval"/> to 24 h.</summary>
    /// <remarks>It bounds how long after UDP works again calls stay on TCP.</remarks>
    public TimeSpan MaxProbeInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        TimeSpan ten = TimeSpan.FromSeconds(10);
        TimeSpan day = TimeSpan.FromHours(24);
        var faults = new OptionFaults(nameof(ProtocolRaceOptions));
        if (!Enum.IsDefined(Policy))
        {
            faults.Add(nameof(Policy), $"is {(int)Policy}; it must be Prefer, Exact or Only.");
        }

        faults.Range(nameof(HeadStart), HeadStart, TimeSpan.Zero, ten);
        faults.Range(nameof(MinHeadStart), MinHeadStart, TimeSpan.Zero, ten);
        faults.Range(nameof(MaxHeadStart), MaxHeadStart, MinHeadStart > ten ? ten : MinHeadStart, ten);
        if (!(HeadStartRoundTrips is >= 1 and <= 100))
        {
            faults.Add(nameof(HeadStartRoundTrips), string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is {HeadStartRoundTrips}; it must be 1 to 100."));
        }

        faults.Range(nameof(MemoryHalfLife), MemoryHalfLife, TimeSpan.FromSeconds(1), day);
        faults.Range(nameof(ProbeInterval), ProbeInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        faults.Range(nameof(MaxProbeInterval), MaxProbeInterval, ProbeInterval > day ? day : ProbeInterval, day);
        faults.ThrowIfAny();
    }
}
