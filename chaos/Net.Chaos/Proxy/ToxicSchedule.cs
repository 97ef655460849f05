namespace Net.Chaos.Proxy;

/// <summary>When a toxic acts, counted from when it was added. The default acts always.</summary>
/// <param name="Start">How long it waits before it acts for the first time.</param>
/// <param name="Duration">How long it then acts; zero: until it is removed.</param>
/// <param name="Period">From the beginning of one action to that of the next; zero: it acts once.</param>
internal readonly record struct ToxicSchedule(TimeSpan Start, TimeSpan Duration, TimeSpan Period)
{
    /// <summary>Whether nothing was said about time.</summary>
    internal bool IsAlways => Start == TimeSpan.Zero && Duration == TimeSpan.Zero;

    /// <summary>Whether the toxic acts at a time.</summary>
    /// <param name="age">Time since the toxic was added.</param>
    internal bool IsActive(TimeSpan age)
    {
        if (IsAlways)
        {
            return true;
        }

        TimeSpan since = age - Start;
        if (since < TimeSpan.Zero)
        {
            return false;
        }

        if (Duration == TimeSpan.Zero)
        {
            return true;
        }

        return Period == TimeSpan.Zero ? since < Duration : TimeSpan.FromTicks(since.Ticks % Period.Ticks) < Duration;
    }

    /// <summary>The next time after <paramref name="age"/> at which the toxic begins to act; <c>null</c> when there is none.</summary>
    internal TimeSpan? NextStart(TimeSpan age)
    {
        if (age < Start)
        {
            return Start;
        }

        return Period == TimeSpan.Zero || Duration == TimeSpan.Zero ? null : Start + TimeSpan.FromTicks(((((age - Start).Ticks) / Period.Ticks) + 1) * Period.Ticks);
    }
}
