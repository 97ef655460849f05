using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Net.Security;

/// <summary>Counts what principals use, and refuses what is over the limits. Takes no lock on a call.</summary>
internal sealed class AdmissionControl(AdmissionOptions options, TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<string, PrincipalUse> _uses = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<object, ConnectionUse> _connections = [];

    // Principals that there is no more room for share one set of figures: they are slowed down together, and nobody's memory grows.
    private readonly PrincipalUse _others = new();
    private readonly RateBucket _global = new();
    private readonly long _interval = TimeSpan.TicksPerSecond / (options.RatePerPrincipal ?? 1);
    private readonly long _globalInterval = TimeSpan.TicksPerSecond / (options.GlobalRate ?? 1);
    private int _count;
    private int _isSweeping;

    /// <summary>Principals whose figures are kept.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Lets a call in, or says which limit it is over.</summary>
    /// <param name="principal">The id of the principal, or of the source of a caller that is not known.</param>
    /// <param name="use">What the call counts in; <see cref="Exit"/> takes it when the call is over. <c>null</c> when it is refused.</param>
    /// <param name="retryAfter">How long to wait before another attempt.</param>
    internal AdmissionRefusal TryEnter(string principal, out PrincipalUse? use, out TimeSpan retryAfter)
    {
        long now = Now;
        PrincipalUse found = Find(principal, now);
        use = null;
        retryAfter = TimeSpan.FromSeconds(1);
        if (Interlocked.Increment(ref found.Calls) > (options.MaxConcurrentPerPrincipal ?? int.MaxValue))
        {
            Interlocked.Decrement(ref found.Calls);
            return AdmissionRefusal.ConcurrentCalls;
        }

        if (options.RatePerPrincipal is not null && !found.Rate.TryTake(now, _interval, options.BurstPerPrincipal, out long wait))
        {
            Interlocked.Decrement(ref found.Calls);
            retryAfter = TimeSpan.FromTicks(wait);
            return AdmissionRefusal.PrincipalRate;
        }

        if (options.GlobalRate is not null && !_global.TryTake(now, _globalInterval, options.GlobalBurst, out wait))
        {
            Interlocked.Decrement(ref found.Calls);
            retryAfter = TimeSpan.FromTicks(wait);
            return AdmissionRefusal.GlobalRate;
        }

        use = found;
        retryAfter = TimeSpan.Zero;
        return AdmissionRefusal.None;
    }

    internal static void Exit(PrincipalUse use) => Interlocked.Decrement(ref use.Calls);

    /// <summary>Notes that a principal calls on a connection; once for each of both, until <see cref="ConnectionEnded"/>.</summary>
    /// <param name="connection">The connection: an object that lives as long as it does.</param>
    /// <param name="principal">The id of the principal.</param>
    /// <param name="isFirst">Whether nobody has called on it before, so that the caller must see to <see cref="ConnectionEnded"/>.</param>
    internal AdmissionRefusal TryUseConnection(object connection, string principal, out bool isFirst)
    {
        isFirst = false;
        if (options.MaxConnectionsPerPrincipal is not int max)
        {
            return AdmissionRefusal.None;
        }

        ConnectionUse uses = _connections.GetValue(connection, static _ => new ConnectionUse());
        if (uses.Last == principal)
        {
            return AdmissionRefusal.None;
        }

        lock (uses)
        {
            if (uses.HasEnded || uses.Principals.ContainsKey(principal))
            {
                uses.Last = principal;
                return AdmissionRefusal.None;
            }

            PrincipalUse use = Find(principal, Now);
            if (Interlocked.Increment(ref use.Connections) > max)
            {
                Interlocked.Decrement(ref use.Connections);
                return AdmissionRefusal.Connections;
            }

            isFirst = uses.Principals.Count == 0;
            uses.Principals.Add(principal, use);
            uses.Last = principal;
            return AdmissionRefusal.None;
        }
    }

    internal void ConnectionEnded(object connection)
    {
        if (!_connections.TryGetValue(connection, out ConnectionUse? uses))
        {
            return;
        }

        lock (uses)
        {
            uses.HasEnded = true;
            foreach (PrincipalUse use in uses.Principals.Values)
            {
                Interlocked.Decrement(ref use.Connections);
            }

            uses.Principals.Clear();
        }
    }

    private long Now => timeProvider.GetElapsedTime(0, timeProvider.GetTimestamp()).Ticks;

    private PrincipalUse Find(string principal, long now)
    {
        if (_uses.TryGetValue(principal, out PrincipalUse? use))
        {
            return use;
        }

        if (Volatile.Read(ref _count) >= options.MaxPrincipals)
        {
            Sweep(now);
            if (Volatile.Read(ref _count) >= options.MaxPrincipals)
            {
                return _others;
            }
        }

        use = new PrincipalUse();
        if (_uses.TryAdd(principal, use))
        {
            Interlocked.Increment(ref _count);
            return use;
        }

        return _uses.TryGetValue(principal, out PrincipalUse? other) ? other : _others;
    }

    // By one thread at a time. A call that finds an entry while it goes counts in it to its end, and only its share of the rate is forgotten.
    private void Sweep(long now)
    {
        if (Interlocked.Exchange(ref _isSweeping, 1) == 1)
        {
            return;
        }

        foreach ((string principal, PrincipalUse use) in _uses)
        {
            if (use.IsIdle(now) && _uses.TryRemove(new KeyValuePair<string, PrincipalUse>(principal, use)))
            {
                Interlocked.Decrement(ref _count);
            }
        }

        Volatile.Write(ref _isSweeping, 0);
    }

    private sealed class ConnectionUse
    {
        internal Dictionary<string, PrincipalUse> Principals { get; } = new(StringComparer.Ordinal);

        /// <summary>Who called last: on most connections the only one, found without a lock.</summary>
        internal volatile string? Last;

        internal bool HasEnded { get; set; }
    }
}
