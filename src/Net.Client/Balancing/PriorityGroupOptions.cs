using System.Globalization;

namespace Net.Client;

/// <summary>When traffic leaves a group of end points for the next, and what is done when all are out.</summary>
public sealed record PriorityGroupOptions
{
    /// <summary>The defaults.</summary>
    public static PriorityGroupOptions Default { get; } = new();

    /// <summary>
    /// The part of a group that must be fit for the group to take the traffic alone. Default 0.5; range 0.01 to 1. A group is asked first for its healthy end points, then for its healthy and degraded
    /// ones, then the next group is asked.
    /// </summary>
    /// <remarks>The share of a group that can carry the whole of its load: 0.5 where end points run at half of their capacity. Lower keeps traffic in the near group longer, higher leaves it sooner.</remarks>
    public double MinFitRatio { get; init; } = 0.5;

    /// <summary>
    /// When no group is fit enough and no more than this part of all end points is healthy or degraded, <see cref="Panic"/> applies. Default 0: only when none is; range 0 to 1. Above this, all that are
    /// healthy or degraded are used, whatever their group.
    /// </summary>
    /// <remarks>Raise it to about 0.3 in large fleets, where so many that are out at once speak against the checks rather than the end points, and the rest would be run over.</remarks>
    public double PanicRatio { get; init; }

    /// <summary>What to do then. Default <see cref="PanicRule.UseAll"/>.</summary>
    /// <remarks>Keep <see cref="PanicRule.UseAll"/> where a late answer is better than none; fail fast where callers have somewhere else to go.</remarks>
    public PanicRule Panic { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(PriorityGroupOptions));
        if (!(MinFitRatio is >= 0.01 and <= 1))
        {
            faults.Add(nameof(MinFitRatio), string.Create(CultureInfo.InvariantCulture, $"is {MinFitRatio}; it must be 0.01 to 1."));
        }

        if (!(PanicRatio is >= 0 and <= 1))
        {
            faults.Add(nameof(PanicRatio), string.Create(CultureInfo.InvariantCulture, $"is {PanicRatio}; it must be 0 to 1."));
        }

        if (!Enum.IsDefined(Panic))
        {
            faults.Add(nameof(Panic), $"is {(int)Panic}; it must be UseAll or FailFast.");
        }

        faults.ThrowIfAny();
    }
}
