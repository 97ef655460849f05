using System.Globalization;

namespace Net.Client;

/// <summary>How the end points of a channel are watched.</summary>
/// <remarks>
/// An end point is checked soon after it is added, every <see cref="ConfirmInterval"/> until there is a session to check on for the first time, then every <see cref="Interval"/>. A result that contradicts the verdict is confirmed or refuted every <see cref="ConfirmInterval"/>; one that
/// is unhealthy is checked every <see cref="RecoveryInterval"/>, and comes back by itself; one that nobody calls is checked every <see cref="IdleInterval"/>.
/// </remarks>
public sealed record HealthOptions
{
    /// <summary>The defaults.</summary>
    public static HealthOptions Default { get; } = new();

    /// <summary>
    /// The active checks. Default: <see cref="PingProbe"/>, which says nothing where no PING can be sent (engine <c>msquic</c>, HTTP/2); there, and to know more than that the path is open, add an echo or
    /// <c>grpc.health.v1</c>. Empty: only passive ones.
    /// </summary>
    /// <remarks>A PING tells that the path is open, an echo that the process answers, <c>grpc.health.v1</c> that the service works: add the last one that the server offers.</remarks>
    public IReadOnlyList<HealthProbe> Probes { get; init; } = [new PingProbe()];

    /// <summary>Time from the end of a check to the next of an end point that is healthy and in use. Default 30 s; range 10 ms to 1 day.</summary>
    /// <remarks>End points that are called are watched by their calls, so this can be long. Shorter finds a dead one that few call sooner, at the cost of a call for each client and end point.</remarks>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The same while the last result contradicts the verdict or the path is suspect. Default 1 s; range 10 ms to <see cref="Interval"/>.</summary>
    /// <remarks>With <see cref="Fall"/> it says how long a dead end point is found dead after the first doubt: 3 checks, a second apart.</remarks>
    public TimeSpan ConfirmInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The same while the end point is unhealthy. Default 5 s; range 10 ms to 1 day.</summary>
    /// <remarks>So long does an end point that is back wait for its first check, times <see cref="Rise"/>. Longer where thousands of clients watch one server.</remarks>
    public TimeSpan RecoveryInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same for a healthy end point without a call since the last check. Default 2 minutes; range <see cref="Interval"/> to 7 days.</summary>
    /// <remarks>Raise it for channels to many end points that are seldom called; the first call to one that died meanwhile then pays for it.</remarks>
    public TimeSpan IdleInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Each of these times is multiplied by a random number from 1 minus this to 1 plus this. Default 0.1; range 0 to 0.5.</summary>
    /// <remarks>Leave it: without it, clients that were started together check together.</remarks>
    public double Jitter { get; init; } = 0.1;

    /// <summary>A check fails when it takes longer, with the opening of a session where that is needed. Default 5 s; range 10 ms to 10 minutes.</summary>
    /// <remarks>Well above the slowest answer of a healthy server under load, or checks eject what is merely busy.</remarks>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>So many failed checks in a row turn a passing verdict into a failing one. The first check of all decides alone. Default 3; range 1 to 100.</summary>
    /// <remarks>Higher for networks that lose much, lower where failing over costs nothing.</remarks>
    public int Fall { get; init; } = 3;

    /// <summary>So many passed checks in a row turn a failing verdict into a passing one. A new connection needs only one. Default 2; range 1 to 100.</summary>
    /// <remarks>More than one keeps an end point out that answers now and then.</remarks>
    public int Rise { get; init; } = 2;

    /// <summary>A verdict that fails again within this time of its recovery is flapping: each time it does, twice as many passed checks are asked for. Default 1 minute; range 0 (never) to 1 day.</summary>
    /// <remarks>As long as a restart loop takes, so that its short lives do not count as recoveries.</remarks>
    public TimeSpan FlapWindow { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The most passed checks asked of a flapping end point. Default 16; range <see cref="Rise"/> to 1,000.</summary>
    /// <remarks>It bounds how long a flapping end point stays out once it is steady: this many times <see cref="ConfirmInterval"/>.</remarks>
    public int MaxRise { get; init; } = 16;

    /// <summary>Checks of one channel that run at a time; others wait their turn. Default 64; range 1 to 10,000. On one end point a check never runs twice at a time.</summary>
    /// <remarks>Enough that all end points are checked within <see cref="Interval"/>, each for up to <see cref="Timeout"/> when a whole network is out.</remarks>
    public int MaxConcurrentChecks { get; init; } = 64;

    /// <summary>What real calls say; <c>null</c>: they say nothing. Default <see cref="PassiveHealthOptions.Default"/>.</summary>
    /// <remarks>Leave it on: calls notice first. Turn it off where the outcomes of calls say nothing of the server, as behind a gateway that answers for many.</remarks>
    public PassiveHealthOptions? Passive { get; init; } = PassiveHealthOptions.Default;

    /// <summary>What QUIC's own figures say. Default <see cref="PathHealthOptions.Default"/>.</summary>
    /// <remarks>Leave it; what it finds only hurries checks and makes an end point second choice.</remarks>
    public PathHealthOptions Path { get; init; } = PathHealthOptions.Default;

    /// <summary>Checks all values, those of the parts included.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(HealthOptions));
        TimeSpan shortest = TimeSpan.FromMilliseconds(10);
        faults.Range(nameof(Interval), Interval, shortest, TimeSpan.FromDays(1));
        faults.Range(nameof(ConfirmInterval), ConfirmInterval, shortest, Interval);
        faults.Range(nameof(RecoveryInterval), RecoveryInterval, shortest, TimeSpan.FromDays(1));
        faults.Range(nameof(IdleInterval), IdleInterval, Interval, TimeSpan.FromDays(7));
        if (!(Jitter is >= 0 and <= 0.5))
        {
            faults.Add(nameof(Jitter), string.Create(CultureInfo.InvariantCulture, $"is {Jitter}; it must be 0 to 0.5."));
        }

        faults.Range(nameof(Timeout), Timeout, shortest, TimeSpan.FromMinutes(10));
        faults.Range(nameof(Fall), Fall, 1, 100);
        faults.Range(nameof(Rise), Rise, 1, 100);
        faults.Range(nameof(FlapWindow), FlapWindow, TimeSpan.Zero, TimeSpan.FromDays(1));
        faults.Range(nameof(MaxRise), MaxRise, Rise, 1000);
        faults.Range(nameof(MaxConcurrentChecks), MaxConcurrentChecks, 1, 10_000);
        if (Probes is null || Probes.Any(static p => p is null))
        {
            faults.Add(nameof(Probes), "is null or holds null; leave it empty for no active checks.");
        }
        else if (Probes.Select(static p => p.Name).Distinct(StringComparer.Ordinal).Count() != Probes.Count)
        {
            faults.Add(nameof(Probes), $"holds two of one name ({string.Join(", ", Probes)}); a verdict names the probe it rests on.");
        }

        AddFaultsOf(faults, nameof(Passive), Passive is null ? null : Passive.Validate);
        AddFaultsOf(faults, nameof(Path), Path is null ? static () => throw new ArgumentException("is null.") : Path.Validate);
        faults.ThrowIfAny();
    }

    private static void AddFaultsOf(OptionFaults faults, string property, Action? validate)
    {
        try
        {
            validate?.Invoke();
        }
        catch (ArgumentException exception)
        {
            faults.Add(property, "has faults: " + exception.Message);
        }
    }
}
