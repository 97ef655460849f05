namespace Net.Security;

/// <summary>How many failed logins are taken before no more are looked at.</summary>
public sealed record FailureThrottleOptions
{
    /// <summary>Failures of one source (an IPv4 address, or the /64 of an IPv6 one) that are looked at in a row. Default 10; range 1 to 10^6.</summary>
    /// <remarks>Raise it where many callers share one address, as behind a NAT or proxy.</remarks>
    public int MaxFailuresPerSource { get; init; } = 10;

    /// <summary>Failures with one API key's id, whatever the source. Default 100; range 1 to 10^6. Higher than that of a source, as otherwise anybody who knows an id could lock its holder out.</summary>
    /// <remarks>Keep it well above <see cref="MaxFailuresPerSource"/>.</remarks>
    public int MaxFailuresPerKey { get; init; } = 100;

    /// <summary>How long until one more is looked at. Default 6 s; range 1 ms to 1 h.</summary>
    /// <remarks>Longer slows down guessing, and those who mistyped with it.</remarks>
    public TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Sources and ids that are remembered; beyond that the ones that failed least recently are forgotten. Default 10,000; range 16 to 10^6.</summary>
    /// <remarks>It bounds memory under an attack from many addresses; raise it where that many are really seen.</remarks>
    public int MaxRemembered { get; init; } = 10_000;

    internal void Validate(OptionFaults faults)
    {
        faults.Range("Throttle.MaxFailuresPerSource", MaxFailuresPerSource, 1, 1_000_000);
        faults.Range("Throttle.MaxFailuresPerKey", MaxFailuresPerKey, 1, 1_000_000);
        faults.Range("Throttle.Recovery", Recovery, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        faults.Range("Throttle.MaxRemembered", MaxRemembered, 16, 1_000_000);
    }
}
