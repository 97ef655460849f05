namespace Net.Chaos.Proxy;

/// <summary>A proxy as its owner describes it.</summary>
public sealed record ChaosProxyOptions
{
    /// <summary>What the proxy is called; unique among the proxies of a process. Not empty, and without control characters, as it is logged.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where it listens, <c>host:port</c>; port 0 lets the system choose. Default: a port of 127.0.0.1 that the system chooses.</summary>
    public string Listen { get; init; } = "127.0.0.1:0";

    /// <summary>Where it passes data on to, <c>host:port</c>. Not empty.</summary>
    public string Upstream { get; init; } = "";

    /// <summary>What it carries. Default TCP, as with toxiproxy.</summary>
    public ProxyProtocol Protocol { get; init; } = ProxyProtocol.Tcp;

    /// <summary>Whether it listens as soon as it is added. Default <c>true</c>. A proxy that is not enabled refuses connections: the server is down.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Connections or client addresses at a time. Beyond it, new ones get no answer. Default 1,000; range 1 to 60,000.</summary>
    public int MaxSessions { get; init; } = 1000;

    /// <summary>How long a client address may be silent in both directions before its session ends. UDP only. Default 2 min; range 1 s to 1 day.</summary>
    public TimeSpan SessionIdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes that toxics may hold back at a time: of the whole proxy for UDP, of one direction of one connection for TCP. Default 64 MiB; range 64 KiB to 4 GiB.</summary>
    public long MaxHeldBytes { get; init; } = 64 << 20;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(ChaosProxyOptions));
        if (string.IsNullOrEmpty(Name))
        {
            faults.Add(nameof(Name), "is empty.");
        }
        else if (PlainText.IsUnsafe(Name))
        {
            faults.Add(nameof(Name), $"is '{PlainText.Clean(Name)}'; take the control characters out.");
        }

        if (!HostPort.TryParse(Listen, out _))
        {
            faults.Add(nameof(Listen), $"is '{Listen}'; it must be host:port, such as 127.0.0.1:0.");
        }

        if (!HostPort.TryParse(Upstream, out _))
        {
            faults.Add(nameof(Upstream), $"is '{Upstream}'; it must be host:port, such as 127.0.0.1:4433.");
        }

        faults.Range(nameof(MaxSessions), MaxSessions, 1, 60_000);
        faults.Range(nameof(SessionIdleTimeout), SessionIdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        faults.Range(nameof(MaxHeldBytes), MaxHeldBytes, 64 << 10, 4L << 30);
        faults.ThrowIfAny();
    }
}
