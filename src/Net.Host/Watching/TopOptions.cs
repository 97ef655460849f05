using Net.Hosting.Echoing;

namespace Net.Hosting.Watching;

/// <summary>What <c>net top</c> was asked for.</summary>
internal sealed record TopOptions
{
    /// <summary>Where the program that is watched serves its report.</summary>
    internal required Uri Url { get; init; }

    /// <summary>The end points of a channel of our own; empty: the program at <see cref="Url"/> is watched.</summary>
    internal required IReadOnlyList<EchoTarget> Targets { get; init; }

    /// <summary>Echoes for each second over the channel of our own.</summary>
    internal required int Rate { get; init; }

    internal required TimeSpan Interval { get; init; }

    internal required TimeSpan Timeout { get; init; }

    internal required bool Once { get; init; }

    internal required bool Json { get; init; }
}
