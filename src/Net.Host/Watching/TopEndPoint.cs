using System.Globalization;
using Net.Channels;
using Net.Client;

namespace Net.Hosting.Watching;

/// <summary>One end point of a <see cref="TopReport"/>.</summary>
internal sealed record TopEndPoint
{
    public required string Address { get; init; }

    /// <summary>How many connections speak what, such as <c>2 h3, 1 h2</c>.</summary>
    public required string Protocols { get; init; }

    public required bool IsRemoved { get; init; }

    public required HealthState Health { get; init; }

    public string? Reason { get; init; }

    public HealthState? Path { get; init; }

    public HealthState? Process { get; init; }

    public HealthState? Service { get; init; }

    public BreakerState? Breaker { get; init; }

    public double? BreakerRetryAfterMilliseconds { get; init; }

    public required bool IsEjected { get; init; }

    public double? RttMilliseconds { get; init; }

    /// <summary>Packets lost of those sent since the answer before; since the connections began where that is not known.</summary>
    public double? LossPercent { get; init; }

    public required int InFlight { get; init; }

    public double? CallsPerSecond { get; init; }

    public double? FailuresPerSecond { get; init; }

    public required int ConnectFailures { get; init; }

    public required double UdpBlocked { get; init; }

    public required IReadOnlyList<ConnectionDocument> Connections { get; init; }

    internal static TopEndPoint From(EndPointDocument? previous, EndPointDocument current, double seconds) => new()
    {
        Address = current.Address,
        Protocols = current.Connections.Count == 0 ? "" : string.Join(
            ", ", current.Connections.GroupBy(static c => c.Transport == "tcp" && !c.Protocol.StartsWith("h2", StringComparison.Ordinal) ? c.Protocol + " tcp" : c.Protocol, StringComparer.Ordinal)
                .Select(static group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}"))),
        IsRemoved = current.IsRemoved,
        Health = current.Health,
        Reason = current.Reason,
        Path = current.Path,
        Process = current.Process,
        Service = current.Service,
        Breaker = current.Breaker,
        BreakerRetryAfterMilliseconds = current.BreakerRetryAfter,
        IsEjected = current.IsEjected,
        RttMilliseconds = current.SmoothedRtt,
        LossPercent = Loss(previous, current),
        InFlight = current.InFlight,
        CallsPerSecond = previous is null ? null : Rate(current.Ended - previous.Ended, seconds),
        FailuresPerSecond = previous is null ? null : Rate(current.Failed - previous.Failed, seconds),
        ConnectFailures = current.ConnectFailures,
        UdpBlocked = current.UdpBlocked,
        Connections = current.Connections,
    };

    private static double? Rate(long difference, double seconds) => difference < 0 ? null : Math.Round(difference / seconds, 2);

    private static double? Loss(EndPointDocument? previous, EndPointDocument current)
    {
        Dictionary<long, ConnectionDocument> before = previous?.Connections.ToDictionary(static connection => connection.Id) ?? [];
        long sent = 0;
        long lost = 0;
        long sentLately = 0;
        long lostLately = 0;
        foreach (ConnectionDocument connection in current.Connections)
        {
            if (connection is { DatagramsSent: long datagrams, PacketsLost: long packets })
            {
                ConnectionDocument? old = before.GetValueOrDefault(connection.Id);
                sent += datagrams;
                lost += packets;
                sentLately += datagrams - (old?.DatagramsSent ?? 0);
                lostLately += packets - (old?.PacketsLost ?? 0);
            }
        }

        // A loss is known a round trip after the sending, so that what a quiet second lost may be more than it sent.
        (long all, long missing) = sentLately > 0 ? (sentLately, lostLately) : (sent, lost);
        return all == 0 ? null : Math.Round(Math.Clamp(100.0 * missing / all, 0, 100), 2);
    }
}
