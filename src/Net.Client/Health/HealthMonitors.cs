using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>Watches the end points of one channel: what they share is the options, the clock, chance, and the bound on checks at a time. Thread-safe.</summary>
public sealed class HealthMonitors
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _toldUnsupported = new(StringComparer.Ordinal);
    private readonly Random _random;

    /// <summary>Makes the shared part; nothing runs yet.</summary>
    /// <param name="options">Checks, intervals and thresholds; <c>null</c>: the defaults.</param>
    /// <param name="timeProvider">The clock; <c>null</c>: the system's.</param>
    /// <param name="random">Where a seed is drawn from, here and now; <c>null</c>: one of its own.</param>
    /// <param name="loggerFactory">Where changes of health are logged; <c>null</c>: nowhere.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public HealthMonitors(HealthOptions? options = null, TimeProvider? timeProvider = null, Random? random = null, ILoggerFactory? loggerFactory = null)
    {
        Options = options ?? HealthOptions.Default;
        Options.Validate();
        TimeProvider = timeProvider ?? TimeProvider.System;
        _random = random is null ? new Random() : new Random(random.Next());
        Logger = loggerFactory?.CreateLogger<HealthMonitors>() ?? NullLogger<HealthMonitors>.Instance;
        Slots = new SemaphoreSlim(Options.MaxConcurrentChecks);
    }

    /// <summary>The options.</summary>
    public HealthOptions Options { get; }

    internal TimeProvider TimeProvider { get; }

    internal ILogger Logger { get; }

    internal SemaphoreSlim Slots { get; }

    /// <summary>Makes the monitor of an end point. It watches once it is started.</summary>
    /// <param name="target">The end point.</param>
    /// <returns>The monitor; the caller owns and disposes it.</returns>
    public HealthMonitor Create(HealthTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new HealthMonitor(target, this);
    }

    /// <summary>Tells, once for each probe of the channel, that it cannot be made where it is wanted: what looks like a check would else check nothing in silence.</summary>
    internal void NoteUnsupported(HealthProbe probe, ChannelEndPoint endPoint, string protocol, string reason)
    {
        lock (_gate)
        {
            if (!_toldUnsupported.Add(probe.Name))
            {
                return;
            }
        }

        if (Options.Probes.Count == 1)
        {
            HealthLog.NothingChecks(Logger, probe.Name, endPoint, protocol, reason);
        }
        else
        {
            HealthLog.ProbeUnsupported(Logger, probe.Name, endPoint, protocol, reason);
        }
    }

    /// <summary>A time with its jitter.</summary>
    internal TimeSpan Jitter(TimeSpan time) => time * (1 + (Options.Jitter * ((2 * Draw()) - 1)));

    /// <summary>A time from zero to a limit.</summary>
    internal TimeSpan Spread(TimeSpan limit) => limit * Draw();

    private double Draw()
    {
        lock (_gate)
        {
            return _random.NextDouble();
        }
    }
}
