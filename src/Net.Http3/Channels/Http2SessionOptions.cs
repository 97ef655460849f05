namespace Net.Http3;

/// <summary>Limits of one connection of HTTP/2.</summary>
public sealed record Http2SessionOptions
{
    /// <summary>The defaults.</summary>
    public static Http2SessionOptions Default { get; } = new();

    /// <summary>
    /// How many requests a channel sends on a connection at once. Default 100, what servers commonly allow; range 1 to 10^6. The platform does not tell what the server allows: requests beyond that wait
    /// inside the session.
    /// </summary>
    /// <remarks>What the servers allow: with more, calls wait inside the connection, where the pool cannot move them; with less, more connections are opened.</remarks>
    public int MaxStreams { get; init; } = 100;

    /// <summary>The largest response header section accepted, bytes. Default 64 KiB; range 1 KiB to 16 MiB.</summary>
    /// <remarks>Above the largest that servers send; it bounds what one can make each call hold.</remarks>
    public int MaxResponseHeadersSize { get; init; } = 64 << 10;

    /// <summary>How long a PING of the keep-alive may go unanswered before the connection is dropped. Default 20 s; range 1 s to 1 h.</summary>
    /// <remarks>It is how a dead TCP connection is noticed while calls wait on it: shorter on good networks.</remarks>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Hosts that requests on one session may name; each beyond the first costs a TCP connection of its own, as the platform keeps them apart. Default 16; range 1 to 1,000.</summary>
    /// <remarks>One is enough for most; more only for clients that call many names at the same servers.</remarks>
    public int MaxAuthorities { get; init; } = 16;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(Http2SessionOptions));
        faults.Range(nameof(MaxStreams), MaxStreams, 1, 1_000_000);
        faults.Range(nameof(MaxResponseHeadersSize), MaxResponseHeadersSize, 1 << 10, 16 << 20);
        faults.Range(nameof(KeepAliveTimeout), KeepAliveTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        faults.Range(nameof(MaxAuthorities), MaxAuthorities, 1, 1000);
        faults.ThrowIfAny();
    }
}
