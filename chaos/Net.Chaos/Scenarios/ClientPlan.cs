namespace Net.Chaos.Scenarios;

/// <summary>How the pool of each client is set.</summary>
internal sealed record ClientPlan
{
    /// <summary>
    /// <c>round-robin</c>, <c>least-connections</c> (the default), <c>weighted</c>, <c>power-of-two</c>, <c>peak-ewma</c> or <c>ring-hash</c>. Where there are several, the clients take them in turn, so that one
    /// run compares them.
    /// </summary>
    internal IReadOnlyList<string> Balancing { get; init; } = ["least-connections"];

    /// <summary>Attempts of a call, the first included. Default 3; range 1 to 5.</summary>
    internal int Attempts { get; init; } = 3;

    /// <summary>Tokens of the budget of retries; half of them may be spent in a burst. Default 10, as the channel's; range 1 to 1,000.</summary>
    internal int RetryBudget { get; init; } = 10;

    /// <summary>Connections to each host that are kept. Default 1.</summary>
    internal int MinConnections { get; init; } = 1;

    /// <summary>Connections to each host at most. Default 4.</summary>
    internal int MaxConnections { get; init; } = 4;

    /// <summary>Time between two checks of a host. Default 1 s.</summary>
    internal TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an attempt may take before another one is made where that is allowed. Default 2 s.</summary>
    internal TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a breaker stays open at first; at most ten times as long, as by the channel's defaults. Default 1 s.</summary>
    internal TimeSpan BreakerOpen { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection lives before another one takes its place; zero (the default): as long as by the channel's default.</summary>
    internal TimeSpan Lifetime { get; init; }

    /// <summary>How long a connection beyond those that are kept may be without a call; zero (the default): as long as by the channel's default.</summary>
    internal TimeSpan Idle { get; init; }

    /// <summary>Probe timeouts in a row after which a connection is taken for dead, 0 for never. Default: the channel's.</summary>
    internal int ProbeTimeouts { get; init; } = Client.PoolOptions.Default.MaxProbeTimeouts;

    /// <summary>Whether calls go on over HTTP/2 where UDP is blocked. Default <c>false</c>.</summary>
    internal bool Fallback { get; init; }

    /// <summary>Whether idempotent calls may travel as 0-RTT data. Default <c>false</c>.</summary>
    internal bool EarlyData { get; init; }

    /// <summary>How a client balances.</summary>
    /// <param name="client">Which one; 0 is the first.</param>
    internal string BalancingOf(int client) => Balancing[client % Balancing.Count];
}
