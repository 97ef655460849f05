using Net.Channels;
using Net.Client;

namespace Net.Hosting.Watching;

/// <summary>One channel of a <see cref="TopReport"/>.</summary>
internal sealed record TopChannel
{
    public required string Name { get; init; }

    public required ChannelState State { get; init; }

    public required long Generation { get; init; }

    public required int InFlight { get; init; }

    public required int Waiters { get; init; }

    /// <summary>Calls that ended for each second; absent while there is one answer only.</summary>
    public double? CallsPerSecond { get; init; }

    public required IReadOnlyList<TopEndPoint> EndPoints { get; init; }

    internal static TopChannel From(ChannelDocument? previous, ChannelDocument current)
    {
        double seconds = previous is null ? 0 : (current.Time - previous.Time).TotalSeconds;
        Dictionary<int, EndPointDocument> before = seconds > 0 ? previous!.EndPoints.ToDictionary(static endPoint => endPoint.Id) : [];
        TopEndPoint[] endPoints = [.. current.EndPoints.Select(endPoint => TopEndPoint.From(before.GetValueOrDefault(endPoint.Id), endPoint, seconds))];
        return new TopChannel
        {
            Name = current.Name,
            State = current.State,
            Generation = current.Generation,
            InFlight = current.InFlight,
            Waiters = current.Waiters,
            CallsPerSecond = seconds > 0 ? endPoints.Sum(static endPoint => endPoint.CallsPerSecond ?? 0) : null,
            EndPoints = endPoints,
        };
    }
}
