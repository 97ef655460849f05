namespace Net.Chaos.Running;

/// <summary>How a scenario is run.</summary>
internal sealed record RunOptions
{
    /// <summary>The seed of every random choice of the runner, its proxies and its clients.</summary>
    internal required ulong Seed { get; init; }

    internal required TimeProvider TimeProvider { get; init; }

    /// <summary>The program that serves; <c>null</c>: <c>net</c> beside this program.</summary>
    internal string? HostProgram { get; init; }

    /// <summary>The QUIC engine of hosts, clients and probes, a name of <see cref="RunEngines.Names"/>. Default <c>auto</c>: the first that runs here.</summary>
    internal string Engine { get; init; } = RunEngines.Auto;

    /// <summary>Where ledgers, logs and certificates stay; <c>null</c>: they are removed.</summary>
    internal string? KeepDirectory { get; init; }

    /// <summary>Authority of hosts that are somebody's own, PEM; <c>null</c>: the run's.</summary>
    internal string? Trust { get; init; }

    /// <summary>Certificate that clients show to such hosts, PEM; <c>null</c>: one of the run's authority.</summary>
    internal string? ClientCertificate { get; init; }

    /// <summary>Its key, PEM.</summary>
    internal string? ClientKey { get; init; }

    /// <summary>How long a host may take to be ready. Default 60 s.</summary>
    internal TimeSpan StartLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long connecting to all hosts may take in the beginning. Default 60 s.</summary>
    internal TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(60);
}
