using System.Globalization;
using System.Net.Sockets;

namespace Net.Client;

/// <summary>How a name is resolved again and again.</summary>
public sealed record DnsResolverOptions
{
    /// <summary>The defaults.</summary>
    public static DnsResolverOptions Default { get; } = new();

    /// <summary>
    /// How often the name is asked for while all is well. Default 30 s; range <see cref="MinInterval"/> to 1 day. The system's resolver does not tell how long an answer holds, but keeps it that long by
    /// itself; a <see cref="DnsQuery"/> that tells overrides this, within <see cref="MinInterval"/> and <see cref="MaxTimeToLive"/>.
    /// </summary>
    /// <remarks>As the records' time to live. Shorter finds new servers sooner, as long as the system's cache lets it.</remarks>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>No two queries are closer together than this, whatever asks for them. Default 2 s; range 10 ms to 1 hour.</summary>
    /// <remarks>It protects the name servers when many connections fail at once; leave it at a second or more.</remarks>
    public TimeSpan MinInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>An answer's time to live counts up to this. Default 5 minutes; range <see cref="MinInterval"/> to 1 day.</summary>
    /// <remarks>It bounds how late a change is seen, whatever the records say.</remarks>
    public TimeSpan MaxTimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Times between queries are multiplied by a random number from 1 minus this to 1 plus this. Default 0.1; range 0 to 0.5. <see cref="MinInterval"/> is kept all the same.</summary>
    /// <remarks>Leave it: clients that were started together would else ask together.</remarks>
    public double Jitter { get; init; } = 0.1;

    /// <summary>A query fails when it takes longer. Default 5 s; range 10 ms to 10 minutes.</summary>
    /// <remarks>Above the time that the system's resolver takes to try its second name server, 5 s on most.</remarks>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Which addresses are used; <see cref="AddressFamily.Unspecified"/> (the default): both IPv4 and IPv6.</summary>
    /// <remarks>Both, unless one family is known not to work here: an end point that cannot be reached costs attempts.</remarks>
    public AddressFamily Family { get; init; } = AddressFamily.Unspecified;

    /// <summary>More addresses than this are cut off, in the order of their values. Default 256; range 1 to 10,000.</summary>
    /// <remarks>Each address is an end point with connections of its own: lower it where a name has hundreds, and connect to some.</remarks>
    public int MaxAddresses { get; init; } = 256;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(DnsResolverOptions));
        faults.Range(nameof(MinInterval), MinInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        faults.Range(nameof(RefreshInterval), RefreshInterval, MinInterval, TimeSpan.FromDays(1));
        faults.Range(nameof(MaxTimeToLive), MaxTimeToLive, MinInterval, TimeSpan.FromDays(1));
        if (!(Jitter is >= 0 and <= 0.5))
        {
            faults.Add(nameof(Jitter), string.Create(CultureInfo.InvariantCulture, $"is {Jitter}; it must be 0 to 0.5."));
        }

        faults.Range(nameof(Timeout), Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10));
        if (Family is not (AddressFamily.Unspecified or AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            faults.Add(nameof(Family), $"is {Family}; it must be Unspecified, InterNetwork or InterNetworkV6.");
        }

        faults.Range(nameof(MaxAddresses), MaxAddresses, 1, 10_000);
        faults.ThrowIfAny();
    }
}
