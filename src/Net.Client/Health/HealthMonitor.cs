using Net.Client.Internal;

namespace Net.Client;

/// <summary>Watches one end point: runs the active checks, reads what QUIC sees of the path, and keeps the verdicts.</summary>
/// <remarks>
/// A check of an end point never overlaps another of the same probe, however long it takes, so that none pile up on a dead one. Disposing it cancels what runs and waits for it.
/// </remarks>
public sealed class HealthMonitor : IAsyncDisposable
{
    // How much more seldom the path of an end point is read that nobody calls.
    private const int IdleFactor = 5;

    private readonly Lock _gate = new();
    private readonly HealthTarget _target;
    private readonly HealthMonitors _shared;
    private readonly HealthCheck[] _checks;
    private readonly PathWatch _path;
    private readonly ITimer _sampling;
    private long _endedBefore;
    private bool _isDisposed;

    internal HealthMonitor(HealthTarget target, HealthMonitors shared)
    {
        _target = target;
        _shared = shared;
        Health = new EndPointHealth(target.EndPoint, target.Load, shared.Options, shared.TimeProvider);
        Health.Changed += HandleChanged;
        _checks = [.. shared.Options.Probes.Select(probe => new HealthCheck(probe, target, Health, shared))];
        _path = new PathWatch(shared.Options.Path);
        _sampling = shared.TimeProvider.CreateTimer(static monitor => ((HealthMonitor)monitor!).Sample(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The verdicts. The pool tells it how connecting and calls went.</summary>
    public EndPointHealth Health { get; }

    /// <summary>Begins to watch: the first checks run within a tenth of <see cref="HealthOptions.ConfirmInterval"/> or so. Call it once.</summary>
    public void Start()
    {
        foreach (HealthCheck check in _checks)
        {
            check.Start();
        }

        _sampling.Change(_shared.Options.Path.SampleInterval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Brings the next check of each probe forward to <see cref="HealthOptions.ConfirmInterval"/> from now, as after a sign that something changed. May be called as often as one likes.</summary>
    public void CheckSoon()
    {
        foreach (HealthCheck check in _checks)
        {
            check.Hurry();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        await _sampling.DisposeAsync().ConfigureAwait(false);
        foreach (HealthCheck check in _checks)
        {
            await check.DisposeAsync().ConfigureAwait(false);
        }

        Health.Dispose();
    }

    private void Sample()
    {
        // Without a lock: the timer is set anew only when a reading is over, so that there is one at a time.
        try
        {
            _path.Read(_target);
            Health.RecordPathSign(_path.Sign);
        }
        catch (Exception exception)
        {
            // On a timer's thread an exception would end the process.
            HealthLog.CheckBroke(_shared.Logger, exception, nameof(HealthAspect.Path), _target.EndPoint.ToString());
        }

        long ended = _target.Load.Ended;
        bool isBusy = _path.IsRestless || _target.Load.InFlight > 0 || ended != _endedBefore;
        _endedBefore = ended;
        TimeSpan interval = _shared.Options.Path.SampleInterval * (isBusy ? 1 : IdleFactor);
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _sampling.Change(interval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void HandleChanged(object? sender, EndPointHealthChangedEventArgs change)
    {
        HealthState state = change.Current.State;
        if (state > change.Previous.State)
        {
            HealthLog.Worse(_shared.Logger, _target.EndPoint.ToString(), state, change.Current.Reason);

            // Calls or QUIC itself may have found out first: an active check soon tells whether they were right.
            CheckSoon();
        }
        else if (state < change.Previous.State)
        {
            HealthLog.Better(_shared.Logger, _target.EndPoint.ToString(), state);
        }
    }
}
