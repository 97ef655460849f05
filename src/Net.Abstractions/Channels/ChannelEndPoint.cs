using System.Diagnostics.CodeAnalysis;

namespace Net;

/// <summary>A server that a channel may send to, with what decides its share of the traffic.</summary>
/// <remarks>
/// Host, port and <see cref="ServerName"/> identify it (<see cref="PlaceComparer"/>): a change of weight, priority or zone keeps its connections and its history, while another place is another end
/// point. Record equality compares everything, so that a resolver can tell whether something changed.
/// </remarks>
/// <param name="Address">Where it is. Its <see cref="TransportEndPoint.Weight"/> and <see cref="TransportEndPoint.ServerName"/> are the defaults of those here.</param>
public sealed record ChannelEndPoint(TransportEndPoint Address)
{
    /// <summary>Smallest <see cref="Weight"/>.</summary>
    public const int MinWeight = 1;

    /// <summary>Largest <see cref="Weight"/>.</summary>
    public const int MaxWeight = 1000;

    /// <summary>Compares the place only: host (without regard to case), port and server name.</summary>
    public static IEqualityComparer<ChannelEndPoint> PlaceComparer { get; } = new ByPlace();

    /// <summary>Where it is.</summary>
    public TransportEndPoint Address { get; } = Address ?? throw new ArgumentNullException(nameof(Address));

    /// <summary>Share of the traffic in weighted balancing, relative to the others. Default: that of <see cref="Address"/>, 1 unless set; range 1 to 1,000.</summary>
    public int Weight { get; init; } = Address?.Weight ?? 1;

    /// <summary>Group for failover: traffic goes to the lowest number that is healthy enough. Default 0; range 0 to 100.</summary>
    public int Priority { get; init; }

    /// <summary>Where it stands (rack, zone, region), for people and policies; <c>null</c> (the default): unknown.</summary>
    public string? Zone { get; init; }

    /// <summary>The name for SNI that its certificate must hold; <c>null</c>: the host. Default: that of <see cref="Address"/>.</summary>
    public string? ServerName { get; init; } = Address?.ServerName;

    /// <summary>The name to put into SNI and to check the certificate against.</summary>
    public string EffectiveServerName => ServerName ?? Address.Host;

    /// <summary>Reads <c>https://host[:443]</c>, <c>host:port</c> or <c>[v6]:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The end point, with the defaults.</returns>
    /// <exception cref="FormatException">It is none of these; the message says what is wrong.</exception>
    public static ChannelEndPoint Parse(string text) => new(TransportEndPoint.Parse(text));

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults($"{nameof(ChannelEndPoint)}({Address})");
        faults.Range("Address.Port", Address.Port, 1, 65535);
        faults.Range(nameof(Weight), Weight, MinWeight, MaxWeight);
        faults.Range(nameof(Priority), Priority, 0, 100);
        if (string.IsNullOrWhiteSpace(Address.Host))
        {
            faults.Add("Address.Host", "is empty.");
        }

        faults.ThrowIfAny();
    }

    /// <summary>The address, as <c>host:port</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Address.ToString();

    private sealed class ByPlace : IEqualityComparer<ChannelEndPoint>
    {
        public bool Equals(ChannelEndPoint? x, ChannelEndPoint? y) => ReferenceEquals(x, y)
            || (x is not null && y is not null && x.Address.Port == y.Address.Port && string.Equals(x.Address.Host, y.Address.Host, StringComparison.OrdinalIgnoreCase)
                && string.Equals(x.EffectiveServerName, y.EffectiveServerName, StringComparison.OrdinalIgnoreCase));

        public int GetHashCode([DisallowNull] ChannelEndPoint obj) => HashCode.Combine(
            obj.Address.Port, StringComparer.OrdinalIgnoreCase.GetHashCode(obj.Address.Host), StringComparer.OrdinalIgnoreCase.GetHashCode(obj.EffectiveServerName));
    }
}
