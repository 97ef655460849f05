using Net.Client.Internal;

namespace Net.Client;

/// <summary>Everything that is held of one end point's health: three verdicts, each the worst of its sources, and what they come to. Thread-safe.</summary>
/// <remarks>Sources are the probes, the opening of connections, what QUIC sees of the path, and the outcomes of calls. Disposing it stops its timers; it then takes in nothing more.</remarks>
public sealed class EndPointHealth : IDisposable
{
    private const string ConnectSource = "connect";
    private const string CallsSource = "calls";
    private const string PathSource = "path";
    private static readonly HealthAspect[] Aspects = [HealthAspect.Path, HealthAspect.Process, HealthAspect.Service];

    private readonly Lock _gate = new();
    private readonly TimeProvider _timeProvider;
    private readonly VerdictTracker _connect;
    private readonly Dictionary<HealthProbe, VerdictTracker> _probes;
    private readonly PassiveTracker[] _calls;
    private readonly ITimer[] _holds;
    private readonly bool _isPathProbed;
    private string? _pathSign;
    private bool _isDisposed;
    private volatile bool _wantsSuccess;
    private volatile EndPointHealthSnapshot _current;

    /// <summary>Makes the health of an end point of which nothing is known.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <param name="load">Its live figures; the part of failed calls is reckoned from <see cref="EndPointLoad.Ended"/>.</param>
    /// <param name="options">Thresholds; <c>null</c>: the defaults.</param>
    /// <param name="timeProvider">The clock; <c>null</c>: the system's.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public EndPointHealth(ChannelEndPoint endPoint, EndPointLoad load, HealthOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(load);
        options ??= HealthOptions.Default;
        options.Validate();
        EndPoint = endPoint;
        _timeProvider = timeProvider ?? TimeProvider.System;
        _connect = new VerdictTracker(options.Fall, 1, options, _timeProvider);
        _probes = options.Probes.ToDictionary(static p => p, p => new VerdictTracker(options.Fall, options.Rise, options, _timeProvider));
        _isPathProbed = options.Probes.Any(static p => p.Aspect == HealthAspect.Path);
        _calls = options.Passive is not { } passive ? [] :
        [
            new PassiveTracker("broke in transport", passive, load, _timeProvider),
            new PassiveTracker("timed out", passive, load, _timeProvider),
            new PassiveTracker("failed in the server", passive, load, _timeProvider),
        ];
        _holds = [.. _calls.Select(tracker => _timeProvider.CreateTimer(
            _ => Change(tracker.Release), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan))];
        _wantsSuccess = _calls.Length > 0;
        DateTimeOffset now = _timeProvider.GetUtcNow();
        var unknown = new HealthVerdict(HealthState.Healthy, false, "", now);
        _current = new EndPointHealthSnapshot { State = HealthState.Healthy, Since = now, Reason = null, Path = unknown, Process = unknown, Service = unknown };
        _current = Judge_NeedsLock();
    }

    /// <summary>Raised when a verdict has changed, on the thread that brought the change, outside all locks; handlers must not throw, as that thread may be a timer's. Two changes at once may be told in either order.</summary>
    public event EventHandler<EndPointHealthChangedEventArgs>? Changed;

    /// <summary>The end point.</summary>
    public ChannelEndPoint EndPoint { get; }

    /// <summary>The latest verdicts. Cheap.</summary>
    public EndPointHealthSnapshot Current => _current;

    /// <summary>Takes in how a call ended. Costs a read when all goes well.</summary>
    /// <param name="outcome">The outcome.</param>
    public void RecordCall(CallOutcome outcome)
    {
        int failed = outcome switch
        {
            CallOutcome.TransportFailure => (int)HealthAspect.Path,
            CallOutcome.TimedOut => (int)HealthAspect.Process,
            CallOutcome.ServerFailure => (int)HealthAspect.Service,
            _ => -1,
        };
        bool isAnswer = outcome is CallOutcome.Success or CallOutcome.ApplicationFailure or CallOutcome.Overloaded;
        if (_calls.Length > 0 && (failed >= 0 || (isAnswer && _wantsSuccess)))
        {
            TakeCall(failed, outcome);
        }
    }

    /// <summary>Takes in how the opening of a connection ended. One that opens shows that the path works, whatever broke on earlier ones.</summary>
    /// <param name="failure">Why it failed, for people; <c>null</c>: the connection is open.</param>
    public void RecordConnect(string? failure) => Change(() =>
    {
        _connect.Take(failure);
        if (failure is null)
        {
            Release_NeedsLock(HealthAspect.Path);
        }
    });

    /// <summary>Takes in the result of an active check. One that passes again after it failed ends what calls had said of the same aspect: both saw the same fault, and it is over.</summary>
    /// <param name="probe">The probe, one of <see cref="HealthOptions.Probes"/>.</param>
    /// <param name="result">What it found.</param>
    /// <param name="settles">Whether it needs no others beside it, as the peer itself tells of each change.</param>
    /// <exception cref="ArgumentException">The probe is none of the options'.</exception>
    public void RecordProbe(HealthProbe probe, ProbeResult result, bool settles = false)
    {
        VerdictTracker tracker = Tracker(probe);
        if (result.Status != ProbeStatus.Inconclusive)
        {
            Change(() =>
            {
                bool failed = tracker.State == VerdictState.Failing;
                tracker.Take(result.Status == ProbeStatus.Pass ? null : result.Reason, settles);
                if (failed && tracker.State == VerdictState.Passing)
                {
                    Release_NeedsLock(probe.Aspect);
                }
            });
        }
    }

    /// <summary>Takes in what QUIC sees of the path.</summary>
    /// <param name="sign">What makes it suspect, for people; <c>null</c>: nothing does.</param>
    public void RecordPathSign(string? sign)
    {
        if (sign != Volatile.Read(ref _pathSign))
        {
            Change(() => _pathSign = sign);
        }
    }

    /// <summary>Stops the timers. What is recorded afterwards changes nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        foreach (ITimer hold in _holds)
        {
            hold.Dispose();
        }
    }

    /// <summary>Whether the next results of a probe may turn its verdict.</summary>
    internal bool IsContested(HealthProbe probe)
    {
        lock (_gate)
        {
            return Tracker(probe).IsContested || _connect.IsContested;
        }
    }

    // Apart from RecordCall, whose quick way must not pay for what this captures.
    private void TakeCall(int failed, CallOutcome outcome) => Change(() =>
    {
        for (int i = 0; i < _calls.Length; i++)
        {
            if (i != failed)
            {
                if (IsGoodFor((HealthAspect)i, outcome))
                {
                    _calls[i].TakeSuccess();
                }
            }
            else if (_calls[i].TakeFailure() is TimeSpan hold)
            {
                _holds[i].Change(hold, Timeout.InfiniteTimeSpan);
            }
        }
    });

    private void Release_NeedsLock(HealthAspect aspect)
    {
        int index = (int)aspect;
        if (_calls.Length > 0 && _calls[index].State == VerdictState.Failing)
        {
            _calls[index].Release();
            _holds[index].Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    // An answer of any kind shows that path and process work; only a good one says so of the service.
    private static bool IsGoodFor(HealthAspect aspect, CallOutcome outcome) => outcome is CallOutcome.Success or CallOutcome.ApplicationFailure
        || (aspect != HealthAspect.Service && outcome is CallOutcome.ServerFailure or CallOutcome.Overloaded);

    private VerdictTracker Tracker(HealthProbe probe) => _probes.TryGetValue(probe, out VerdictTracker? tracker)
        ? tracker
        : throw new ArgumentException($"The probe '{probe}' is none of {nameof(HealthOptions)}.{nameof(HealthOptions.Probes)}.", nameof(probe));

    private void Change(Action change)
    {
        EndPointHealthSnapshot previous, current;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            change();
            previous = _current;
            current = _current = Judge_NeedsLock();
            _wantsSuccess = _calls.Any(static c => c.WantsSuccess);
        }

        if (IsNews(previous, current))
        {
            Changed?.Invoke(this, new EndPointHealthChangedEventArgs(EndPoint, previous, current));
        }
    }

    private EndPointHealthSnapshot Judge_NeedsLock()
    {
        EndPointHealthSnapshot before = _current;
        HealthVerdict path = Judge_NeedsLock(HealthAspect.Path, before.Path);
        HealthVerdict process = Judge_NeedsLock(HealthAspect.Process, before.Process);
        HealthVerdict service = Judge_NeedsLock(HealthAspect.Service, before.Service);
        (HealthState state, string? reason) = Combine(path, process, service);
        if (ReferenceEquals(path, before.Path) && ReferenceEquals(process, before.Process) && ReferenceEquals(service, before.Service) && state == before.State)
        {
            return before;
        }

        return new EndPointHealthSnapshot
        {
            State = state,
            Since = state == before.State ? before.Since : _timeProvider.GetUtcNow(),
            Reason = reason,
            Path = path,
            Process = process,
            Service = service,
        };
    }

    private (HealthState State, string? Reason) Combine(params ReadOnlySpan<HealthVerdict> verdicts)
    {
        HealthState worst = HealthState.Healthy;
        string? reason = null;
        for (int i = 0; i < verdicts.Length; i++)
        {
            if (verdicts[i].State > worst)
            {
                worst = verdicts[i].State;
                reason = $"{Aspects[i]}: {verdicts[i].Reason}";
            }
        }

        return worst == HealthState.Healthy && _isPathProbed && !verdicts[0].IsKnown ? (HealthState.Degraded, "Path: not reached yet") : (worst, reason);
    }

    // Another reason for the same verdict is shown but not announced.
    private static bool IsNews(EndPointHealthSnapshot previous, EndPointHealthSnapshot current) => previous.State != current.State
        || Aspects.Any(a => previous[a].State != current[a].State || previous[a].IsKnown != current[a].IsKnown);

    // The worst of all sources; the same object when all of it is what it was.
    private HealthVerdict Judge_NeedsLock(HealthAspect aspect, HealthVerdict before)
    {
        (VerdictState State, string Reason) worst = (VerdictState.Unknown, "");
        void Weigh(VerdictState state, string source, string? reason) => worst = state > worst.State ? (state, reason is null ? "" : $"{source}: {reason}") : worst;
        if (aspect == HealthAspect.Path)
        {
            Weigh(_connect.State, ConnectSource, _connect.Reason);
            Weigh(_pathSign is null ? VerdictState.Unknown : VerdictState.Suspect, PathSource, _pathSign);
        }

        foreach ((HealthProbe probe, VerdictTracker tracker) in _probes)
        {
            if (probe.Aspect == aspect)
            {
                Weigh(tracker.State, probe.Name, tracker.Reason);
            }
        }

        if (_calls.Length > 0)
        {
            PassiveTracker calls = _calls[(int)aspect];
            Weigh(calls.State, CallsSource, calls.Reason);
        }

        HealthState state = worst.State switch
        {
            VerdictState.Failing => HealthState.Unhealthy,
            VerdictState.Suspect => HealthState.Degraded,
            _ => HealthState.Healthy,
        };
        bool isKnown = worst.State != VerdictState.Unknown;
        bool isSame = state == before.State && isKnown == before.IsKnown;
        return isSame && worst.Reason == before.Reason ? before : new HealthVerdict(state, isKnown, worst.Reason, isSame ? before.Since : _timeProvider.GetUtcNow());
    }
}
