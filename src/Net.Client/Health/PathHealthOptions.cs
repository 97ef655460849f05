using System.Globalization;

namespace Net.Client;

/// <summary>When what QUIC itself sees makes a path suspect, long before a call fails.</summary>
public sealed record PathHealthOptions
{
    /// <summary>The defaults.</summary>
    public static PathHealthOptions Default { get; } = new();

    /// <summary>
    /// How often the statistics of the open sessions are read while calls run or the path is suspect; a fifth as often otherwise. Default 200 ms; range 10 ms to 1 minute, or <see
    /// cref="Timeout.InfiniteTimeSpan"/>: never.
    /// </summary>
    /// <remarks>Shorter sees a broken path sooner, at the cost of some processor time for each connection; never is right on engines without path statistics.</remarks>
    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>So many probe timeouts in a row (RFC 9002, section 6.2) make a session suspect. Default 2; range 1 to 20.</summary>
    /// <remarks>One happens on any path that loses packets; raise it on mobile networks.</remarks>
    public int ProbeTimeouts { get; init; } = 2;

    /// <summary>This part of the datagrams lost makes a session suspect. Default 0.2; range 0.01 to 1.</summary>
    /// <remarks>Above what the network loses on a bad day: QUIC copes with a few percent by itself.</remarks>
    public double LossRatio { get; init; } = 0.2;

    /// <summary>Over so many datagrams the loss is reckoned. Default 50; range 10 to 1,000,000.</summary>
    /// <remarks>Smaller notices sooner and errs more often.</remarks>
    public int LossDatagrams { get; init; } = 50;

    /// <summary>
    /// A smoothed and a latest round-trip time of so many times the smallest make a session suspect, when they are also <see cref="RttRise"/> above it. Default 5; range 1.5 to 1,000. While its smoothed one is
    /// so long, a session is asked with each reading, as it may have no calls that would measure a better one; with one reading of ten once that has not helped for 75 of them.
    /// </summary>
    /// <remarks>Lower it only on networks whose round-trip times are steady.</remarks>
    public double RttFactor { get; init; } = 5;

    /// <summary>A smaller rise of the round-trip time than this never makes a session suspect. Default 100 ms; range 1 ms to 1 minute.</summary>
    /// <remarks>It keeps paths of a data centre, whose times are tiny, from being suspected for a rise that no call would notice.</remarks>
    public TimeSpan RttRise { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>So many readings in a row without a sign clear the suspicion. Default 5; range 1 to 1,000.</summary>
    /// <remarks>More keeps a path that comes and goes under suspicion, which costs only checks.</remarks>
    public int ClearSamples { get; init; } = 5;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(PathHealthOptions));
        faults.Range(nameof(SampleInterval), SampleInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), allowInfinite: true);
        faults.Range(nameof(ProbeTimeouts), ProbeTimeouts, 1, 20);
        if (!(LossRatio is >= 0.01 and <= 1))
        {
            faults.Add(nameof(LossRatio), string.Create(CultureInfo.InvariantCulture, $"is {LossRatio}; it must be 0.01 to 1."));
        }

        faults.Range(nameof(LossDatagrams), LossDatagrams, 10, 1_000_000);
        if (!(RttFactor is >= 1.5 and <= 1000))
        {
            faults.Add(nameof(RttFactor), string.Create(CultureInfo.InvariantCulture, $"is {RttFactor}; it must be 1.5 to 1000."));
        }

        faults.Range(nameof(RttRise), RttRise, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        faults.Range(nameof(ClearSamples), ClearSamples, 1, 1000);
        faults.ThrowIfAny();
    }
}
