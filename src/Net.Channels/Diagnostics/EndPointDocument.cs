using Net.Client;

namespace Net.Channels;

/// <summary>An end point in the document of <see cref="ChannelsReport"/>. Times in milliseconds.</summary>
internal sealed record EndPointDocument
{
    public required int Id { get; init; }

    public required string Address { get; init; }

    public required int Weight { get; init; }

    public required int Priority { get; init; }

    public required bool IsRemoved { get; init; }

    public required HealthState Health { get; init; }

    public string? Reason { get; init; }

    /// <summary>The verdict on the path; absent while nobody has judged it, and so for the two others.</summary>
    public HealthState? Path { get; init; }

    public HealthState? Process { get; init; }

    public HealthState? Service { get; init; }

    /// <summary>Absent: the channel has no breakers.</summary>
    public BreakerState? Breaker { get; init; }

    public double? BreakerRetryAfter { get; init; }

    public required bool IsEjected { get; init; }

    public required int InFlight { get; init; }

    public required long Ended { get; init; }

    public required long Failed { get; init; }

    public required int ConnectFailures { get; init; }

    public double? SmoothedRtt { get; init; }

    public required double UdpBlocked { get; init; }

    public required IReadOnlyList<ConnectionDocument> Connections { get; init; }

    internal static EndPointDocument From(EndPointSnapshot endPoint) => new()
    {
        Id = endPoint.Id,
        Address = endPoint.EndPoint.Address.ToString(),
        Weight = endPoint.EndPoint.Weight,
        Priority = endPoint.EndPoint.Priority,
        IsRemoved = endPoint.IsRemoved,
        Health = endPoint.Health.State,
        Reason = endPoint.Health.Reason,
        Path = Known(endPoint.Health.Path),
        Process = Known(endPoint.Health.Process),
        Service = Known(endPoint.Health.Service),
        Breaker = endPoint.Breaker,
        BreakerRetryAfter = endPoint.BreakerRetryAfter?.TotalMilliseconds,
        IsEjected = endPoint.IsEjected,
        InFlight = endPoint.InFlight,
        Ended = endPoint.Ended,
        Failed = endPoint.Failed,
        ConnectFailures = endPoint.ConnectFailures,
        SmoothedRtt = endPoint.SmoothedRtt?.TotalMilliseconds,
        UdpBlocked = Math.Round(endPoint.UdpBlocked, 3),
        Connections = [.. endPoint.Connections.Select(ConnectionDocument.From)],
    };

    private static HealthState? Known(HealthVerdict verdict) => verdict.IsKnown ? verdict.State : null;
}
