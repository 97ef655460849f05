using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Chaos.Proxy;

/// <summary>What proxies take from outside: time, chance, and a place for their log.</summary>
public sealed record ChaosEnvironment
{
    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The seed of every random choice. The same seed gives the same faults for the same packets in the same order. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Where proxies log, in the category <c>Net.Chaos</c> (event ids 6000 to 6099). Default: nowhere. No payload is ever logged.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}
