using Net.Client;

namespace Net.Channels;

/// <summary>A connection in the document of <see cref="ChannelsReport"/>. Times in milliseconds.</summary>
internal sealed record ConnectionDocument
{
    public required long Id { get; init; }

    public required string Protocol { get; init; }

    public required string Transport { get; init; }

    public required PooledConnectionState State { get; init; }

    public required long Generation { get; init; }

    public required double Age { get; init; }

    public required int Leases { get; init; }

    public required int Room { get; init; }

    public required string Choice { get; init; }

    public double? SmoothedRtt { get; init; }

    public long? DatagramsSent { get; init; }

    public long? PacketsLost { get; init; }

    internal static ConnectionDocument From(ConnectionSnapshot connection) => new()
    {
        Id = connection.Id,
        Protocol = connection.Protocol,
        Transport = connection.Transport,
        State = connection.State,
        Generation = connection.Generation,
        Age = Math.Round(connection.Age.TotalMilliseconds),
        Leases = connection.Leases,
        Room = connection.Room,
        Choice = connection.Choice,
        SmoothedRtt = connection.Path.SmoothedRtt?.TotalMilliseconds,
        DatagramsSent = connection.Path.DatagramsSent,
        PacketsLost = connection.Path.PacketsLost,
    };
}
