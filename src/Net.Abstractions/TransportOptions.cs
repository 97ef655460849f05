namespace Net;

/// <summary>What clients and servers set alike for a connection.</summary>
public abstract record TransportOptions
{
    // GnuTLS carries no more and no longer ones. Options that hold on one engine must hold on all, as the engine may be chosen when the program runs.
    private const int MaxApplicationProtocols = 8;
    private const int MaxApplicationProtocolLength = 32;

    /// <summary>Application protocols in order of preference (ALPN, RFC 7301), such as <c>net/1</c> or <c>h3</c>; 1 to 8 names of 1 to 32 ASCII characters, which every engine can carry. At least one must be common, or the handshake fails.</summary>
    public required IReadOnlyList<string> ApplicationProtocols { get; init; }

    /// <summary>How long a handshake may take. Default 10 s; range 1 ms to 10 min.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection without any packet for this long is dropped; the smaller value of both sides counts (RFC 9000, section 10.1). Default 30 s; range 1 ms to 1 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>
    /// While a stream is open, a client of the ngtcp2 engine breaks the silence after 1, 3, 7 and more seconds with a packet of its own, up to half of this time, so that a server
    /// learns of an address that has changed meanwhile. The connection then ends this long after the last of these packets.
    /// When nothing is heard for 5 s, and then every 6 s, while an upload fills the congestion window, it goes over to another local port, so that the upload goes on soon after the path is back.
    /// </remarks>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sends a PING when the connection was quiet for this long, so that it neither idles out nor loses its NAT mapping. Default <see cref="Timeout.InfiniteTimeSpan"/>: never; range 1 ms to 1 h.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Limits of the connection.</summary>
    public TransportLimits Limits { get; init; } = TransportLimits.Default;

    /// <summary>Congestion control. Default <see cref="CongestionControl.Cubic"/>. Engines without <see cref="EngineCapabilities.CongestionControlChoice"/> refuse any other.</summary>
    public CongestionControl CongestionControl { get; init; }

    /// <summary>QUIC versions in order of preference. Default version 1, then 2. A client begins with the first; a server may move it to one that it prefers (RFC 9368).</summary>
    public IReadOnlyList<QuicVersion> Versions { get; init; } = [QuicVersion.Version1, QuicVersion.Version2];

    /// <summary>
    /// Runs the application's continuations on the engine's own thread: fewer hops, lower latency. The application must then never block or compute for long in them, as all connections of that thread wait meanwhile. Default <c>false</c>.
    /// Engines without <see cref="EngineCapabilities.InlineContinuations"/> refuse it.
    /// </summary>
    public bool InlineContinuations { get; init; }

    /// <summary>The application error code with which streams are aborted that the application disposes without finishing. Default 0; range 0 to 2^62-1.</summary>
    public long DefaultStreamErrorCode { get; init; }

    /// <summary>The application error code with which a connection is closed that the application disposes without closing. Default 0; range 0 to 2^62-1.</summary>
    public long DefaultCloseErrorCode { get; init; }

    /// <summary>A file to which TLS secrets are appended in NSS key log format, for packet analysis; <c>null</c> (the default): none. Whoever reads it can decrypt the traffic.</summary>
    public string? KeyLogFile { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public virtual void Validate()
    {
        var faults = new OptionFaults(GetType().Name);
        ValidateProtocols(faults);
        faults.Range(nameof(HandshakeTimeout), HandshakeTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        faults.Range(nameof(IdleTimeout), IdleTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), allowInfinite: true);
        faults.Range(nameof(KeepAliveInterval), KeepAliveInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), allowInfinite: true);
        faults.Range(nameof(DefaultStreamErrorCode), DefaultStreamErrorCode, 0, ErrorCodes.Max);
        faults.Range(nameof(DefaultCloseErrorCode), DefaultCloseErrorCode, 0, ErrorCodes.Max);
        if (Versions is null || Versions.Count == 0 || Versions.Any(v => v is not (QuicVersion.Version1 or QuicVersion.Version2)))
        {
            faults.Add(nameof(Versions), "must name at least one version, each Version1 or Version2.");
        }

        if (!Enum.IsDefined(CongestionControl))
        {
            faults.Add(nameof(CongestionControl), $"is {(int)CongestionControl}; it must be Cubic, Reno or Bbr.");
        }

        if (Limits is null)
        {
            faults.Add(nameof(Limits), "is null.");
        }

        AddFaults(faults);
        faults.ThrowIfAny();
        Limits!.Validate();
    }

    private protected abstract void AddFaults(OptionFaults faults);

    private void ValidateProtocols(OptionFaults faults)
    {
        if (ApplicationProtocols is null || ApplicationProtocols.Count is 0 or > MaxApplicationProtocols)
        {
            faults.Add(nameof(ApplicationProtocols), $"must hold 1 to {MaxApplicationProtocols} names, such as \"net/1\".");
            return;
        }

        foreach (string name in ApplicationProtocols)
        {
            if (string.IsNullOrEmpty(name) || name.Length > MaxApplicationProtocolLength || !System.Text.Ascii.IsValid(name))
            {
                faults.Add(nameof(ApplicationProtocols), $"holds '{name}'; a name has 1 to {MaxApplicationProtocolLength} ASCII characters.");
            }
        }
    }
}
