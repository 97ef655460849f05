namespace Net.Client;

/// <summary>The health of an end point at one moment. Immutable.</summary>
public sealed record EndPointHealthSnapshot
{
    /// <summary>
    /// All verdicts together: <see cref="HealthState.Unhealthy"/> when one fails; <see cref="HealthState.Degraded"/> when one is suspect, or when the path is checked actively and nothing is
    /// known of it yet, so that end points that have proved themselves go first; else <see cref="HealthState.Healthy"/>.
    /// </summary>
    public required HealthState State { get; init; }

    /// <summary>Since when <see cref="State"/> is what it is, by the channel's clock.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Why it is not healthy, for people; <c>null</c> when it is.</summary>
    public required string? Reason { get; init; }

    /// <summary>Whether packets get there and back.</summary>
    public required HealthVerdict Path { get; init; }

    /// <summary>Whether the program answers.</summary>
    public required HealthVerdict Process { get; init; }

    /// <summary>Whether what it serves is in order.</summary>
    public required HealthVerdict Service { get; init; }

    /// <summary>The verdict on one aspect.</summary>
    /// <param name="aspect">The aspect.</param>
    /// <returns>The verdict.</returns>
    public HealthVerdict this[HealthAspect aspect] => aspect switch
    {
        HealthAspect.Path => Path,
        HealthAspect.Process => Process,
        HealthAspect.Service => Service,
        _ => throw new ArgumentOutOfRangeException(nameof(aspect), aspect, "It must be Path, Process or Service."),
    };
}
