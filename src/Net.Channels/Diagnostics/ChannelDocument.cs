using Net.Client;

namespace Net.Channels;

/// <summary>A channel in the document of <see cref="ChannelsReport"/>.</summary>
internal sealed record ChannelDocument
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset Time { get; init; }

    public required ChannelState State { get; init; }

    public required long Generation { get; init; }

    public required int InFlight { get; init; }

    public required int Waiters { get; init; }

    public required IReadOnlyList<EndPointDocument> EndPoints { get; init; }

    internal static ChannelDocument From(ChannelSnapshot channel) => new()
    {
        Id = channel.Id,
        Name = channel.Name,
        Time = channel.Time,
        State = channel.State,
        Generation = channel.Generation,
        InFlight = channel.InFlight,
        Waiters = channel.Waiters,
        EndPoints = [.. channel.EndPoints.Select(EndPointDocument.From)],
    };
}
