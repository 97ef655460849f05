namespace Net.Testing;

/// <summary>What an in-memory engine claims to be.</summary>
public sealed record MemoryEngineOptions
{
    /// <summary>All that the in-memory engine can do.</summary>
    public const EngineCapabilities AllCapabilities =
        EngineCapabilities.Listen | EngineCapabilities.Resumption | EngineCapabilities.Migration | EngineCapabilities.Datagrams
        | EngineCapabilities.StreamPriority | EngineCapabilities.PathStatistics | EngineCapabilities.Ping | EngineCapabilities.InlineContinuations
        | EngineCapabilities.Version2 | EngineCapabilities.InjectedClock | EngineCapabilities.CloseReason | EngineCapabilities.TlsPerHandshake | EngineCapabilities.ConfirmedConnect;

    /// <summary>Name of the engine. Default <c>memory</c>.</summary>
    public string Name { get; init; } = "memory";

    /// <summary>What it can do; anything beyond <see cref="AllCapabilities"/> is left out. Default all. Fewer let a test see how callers get on with a lesser engine.</summary>
    public EngineCapabilities Capabilities { get; init; } = AllCapabilities;

    /// <summary>Shown every stream that a connection of this engine opens, before its opener has it. Default: nobody.</summary>
    public Action<TransportStream>? StreamOpened { get; init; }

    /// <summary>Shown a stream whenever the application of this engine's side has consumed bytes of it. Default: nobody.</summary>
    public Action<TransportStream>? StreamConsumed { get; init; }

    /// <summary>Whether it claims to run here, and why not. Default: it does.</summary>
    public EngineSupport Support { get; init; } = new(true, null, new Version(1, 0));
}
