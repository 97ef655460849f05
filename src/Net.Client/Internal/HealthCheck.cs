using System.Globalization;

namespace Net.Client.Internal;

/// <summary>
/// Runs one probe on one end point again and again, never twice at a time, on a timer that is set anew when a check is over.
/// <code>
///  waiting ──timer──► checking ──over──► waiting      a probe that outlives its timeout is left to end, and no other begins before
/// </code>
/// </summary>
internal sealed class HealthCheck : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HealthProbe _probe;
    private readonly HealthTarget _target;
    private readonly EndPointHealth _health;
    private readonly HealthMonitors _shared;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _timer;
    private Task _overdue = Task.CompletedTask;
    private WeakReference<ChannelSession>? _withoutWatch;
    private long _endedBefore = -1;
    private TaskCompletionSource? _checkEnded;
    private bool _isWanted;
    private bool _isDisposed;

    internal HealthCheck(HealthProbe probe, HealthTarget target, EndPointHealth health, HealthMonitors shared)
    {
        _probe = probe;
        _target = target;
        _health = health;
        _shared = shared;
        _timer = shared.TimeProvider.CreateTimer(static check => ((HealthCheck)check!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets the first check, a little spread so that not all begin at once.</summary>
    internal void Start() => _timer.Change(_shared.Spread(_shared.Options.ConfirmInterval * _shared.Options.Jitter), Timeout.InfiniteTimeSpan);

    /// <summary>Checks at the next confirm interval at the latest, however long the wait was to be.</summary>
    internal void Hurry()
    {
        lock (_gate)
        {
            if (_isDisposed || _checkEnded is not null)
            {
                _isWanted = true;
                return;
            }

            if (!_isWanted)
            {
                _isWanted = true;
                _timer.Change(_shared.Jitter(_shared.Options.ConfirmInterval), Timeout.InfiniteTimeSpan);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            running = _checkEnded?.Task ?? Task.CompletedTask;
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);

        // A probe that does not heed its token is not waited for: it is not ours, and it holds nothing of ours.
        await running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_isDisposed || _checkEnded is not null)
            {
                return;
            }

            _checkEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _isWanted = false;
        }

        _ = RunAsync();
    }

    // Never fails. That it is over is told through _checkEnded.
    private async Task RunAsync()
    {
        bool isUnasked = false;
        try
        {
            ChannelSession? session = await CheckAsync().ConfigureAwait(false);
            isUnasked = session is null && !_health.Current[_probe.Aspect].IsKnown;
            if (session is not null && _probe is HealthWatch watch && !(_withoutWatch?.TryGetTarget(out ChannelSession? without) == true && without == session))
            {
                await WatchAsync(watch, session).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed: the timer is not set again.
        }
        catch (Exception exception)
        {
            // A check translates what a probe does wrong; what is left is a fault of a listener's, and checking must go on.
            HealthLog.CheckBroke(_shared.Logger, exception, _probe.Name, _target.EndPoint.ToString());
        }

        long ended = _target.Load.Ended;
        bool isIdle = ended == _endedBefore && _target.Load.InFlight == 0;
        _endedBefore = ended;
        TaskCompletionSource checkEnded;
        lock (_gate)
        {
            checkEnded = _checkEnded!;
            _checkEnded = null;
            if (!_isDisposed)
            {
                _timer.Change(_shared.Jitter(NextInterval_NeedsLock(isIdle, isUnasked)), Timeout.InfiniteTimeSpan);
            }
        }

        checkEnded.SetResult();
    }

    // An end point whose first connection is still on its way is asked soon after, not when an idle one would be.
    private TimeSpan NextInterval_NeedsLock(bool isIdle, bool isUnasked)
    {
        HealthOptions options = _shared.Options;
        EndPointHealthSnapshot health = _health.Current;
        return _isWanted || _health.IsContested(_probe) || health.Path.State == HealthState.Degraded ? options.ConfirmInterval
            : health.State == HealthState.Unhealthy ? options.RecoveryInterval
            : isUnasked ? options.ConfirmInterval
            : isIdle ? options.IdleInterval : options.Interval;
    }

    // One check under its timeout; the session it was made on, when there was one.
    private async Task<ChannelSession?> CheckAsync()
    {
        if (!_overdue.IsCompleted)
        {
            Record(ProbeResult.Fail("the check before has not ended yet"));
            return null;
        }

        await _shared.Slots.WaitAsync(_stopping.Token).ConfigureAwait(false);
        try
        {
            var attempt = new ProbeAttempt(_probe, _target);
            using var limit = new CancellationTokenSource(_shared.Options.Timeout, _shared.TimeProvider);
            var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
            Task<ProbeResult?> work = attempt.RunAsync(linked.Token);
            ProbeResult? result;
            try
            {
                result = await work.WaitAsync(linked.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
            {
                result = ProbeResult.Fail(string.Create(CultureInfo.InvariantCulture, $"no answer within {_shared.Options.Timeout}"));
            }
            finally
            {
                _overdue = GiveBackAsync(work, linked);
            }

            if (result is { Status: ProbeStatus.Inconclusive } && attempt is { Session: { } session, Unsupported: { } reason })
            {
                _shared.NoteUnsupported(_probe, _target.EndPoint, session.Protocol, reason);
            }

            // Without a session nobody was asked: that fails the path and says nothing of process and service.
            if (result is ProbeResult found && (attempt.Session is not null || _probe.Aspect == HealthAspect.Path))
            {
                Record(found);
            }

            return attempt.Session;
        }
        finally
        {
            _shared.Slots.Release();
        }
    }

    private async Task WatchAsync(HealthWatch watch, ChannelSession session)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        bool isOver = false;

        // A watch is a call as any other: it must not keep a draining session open.
        void End(object? sender, EventArgs arguments)
        {
            try
            {
                ending.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The watch ended by itself at the same moment.
            }
        }

        // A watch that does not heed its token has no say any more.
        void Report(ProbeResult result)
        {
            if (!Volatile.Read(ref isOver))
            {
                _health.RecordProbe(_probe, result, settles: true);
            }
        }

        session.Draining += End;
        try
        {
            if (session.IsDraining)
            {
                return;
            }

            await watch.WatchAsync(session, Report, ending.Token).WaitAsync(ending.Token).ConfigureAwait(false);
        }
        catch (NotSupportedException)
        {
            _withoutWatch = new WeakReference<ChannelSession>(session);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            // Why a watch ends is found out by the check that follows.
            HealthLog.WatchEnded(_shared.Logger, exception, _probe.Name, _target.EndPoint.ToString());
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            session.Draining -= End;
        }
    }

    private void Record(ProbeResult result) => _health.RecordProbe(_probe, result);

    // The probe may use its token until it ends.
    private static async Task GiveBackAsync(Task work, CancellationTokenSource linked)
    {
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        linked.Dispose();
    }
}
