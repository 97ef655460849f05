using Net.Client;
using Net.ClientTests.Resilience;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>A whole pool under random faults, on one thread and under a clock that is moved: the same seed gives the same run.</summary>
internal sealed class PoolSimulation : IDisposable
{
    private const int EndPoints = 3;
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(1);

    private readonly Random _random;
    private readonly PoolFixture _fixture;
    private readonly FakeChannelProtocol _tcp;
    private readonly Mode[] _modes = new Mode[EndPoints];
    private readonly List<SimulatedCall> _calls = [];
    private readonly Dictionary<int, BreakerTrace> _breakers = [];
    private bool _udpBlocked;
    private Exception? _fault;
    private ulong _hash = 0xcbf29ce484222325;

    internal PoolSimulation(int seed)
    {
        _random = new Random(seed);
        _tcp = new FakeChannelProtocol("tcp", "tcp") { OnConnect = Connect, MaxStreams = 5 };
        var quic = new FakeChannelProtocol("quic", fallback: _tcp) { OnConnect = Connect, MaxStreams = 5 };
        var pool = new PoolOptions
        {
            MinConnections = _random.Next(3),
            MaxConnections = 3,
            MaxWaiters = 20,
            Lifetime = TimeSpan.FromSeconds(_random.Next(2, 20)),
            IdleTimeout = TimeSpan.FromSeconds(_random.Next(1, 10)),
            ConnectTimeout = TimeSpan.FromSeconds(1),
            DrainTimeout = TimeSpan.FromSeconds(5),
        };
        _fixture = new PoolFixture(
            pool,
            o => o with
            {
                Random = new Random(seed),
                Balancing = _random.Next(3) switch { 0 => Net.Client.Balancing.RoundRobin, 1 => Net.Client.Balancing.PeakEwma, _ => Net.Client.Balancing.LeastConnections },
                Breaker = new CircuitBreakerOptions { OpenTime = TimeSpan.FromSeconds(1), MaxOpenTime = TimeSpan.FromSeconds(2) },
                Outliers = _random.Next(2) == 0 ? null : new OutlierOptions { EjectionTime = TimeSpan.FromSeconds(1), MaxEjectionTime = TimeSpan.FromSeconds(2) },
                Race = new ProtocolRaceOptions { ProbeInterval = TimeSpan.FromSeconds(1), MaxProbeInterval = TimeSpan.FromSeconds(4) },
            },
            EndPoints,
            quic,
            start: false);
        _fixture.Channel.Changed += (_, e) => Note((int)e.Kind, e.ConnectionId, e.EndPoint?.Address.Host.Length ?? 0);
        _fixture.Run();
    }

    private enum Mode
    {
        Up,
        Slow,
        Refusing,
        Stalled,
        Failing,
    }

    internal int Served { get; private set; }

    internal int Calls { get; private set; }

    /// <summary>Changes of state of the breakers, each seen by its model, too.</summary>
    internal int BreakerChanges => _breakers.Values.Sum(static b => b.Changes);

    private IEnumerable<FakeChannelSession> Sessions => _fixture.Protocol.Sessions.Concat(_tcp.Sessions);

    /// <summary>Runs faults for a time, stops them, and checks that all is well again.</summary>
    /// <returns>A hash of everything that happened, with its time.</returns>
    internal ulong Run()
    {
        TimeSpan end = TimeSpan.FromSeconds(20);
        while (_fixture.Time.Elapsed < end)
        {
            Step();
            _fixture.Advance(_random.NextDouble() * 0.1);
            CheckCalls();
        }

        Heal();
        CheckRecovered();
        _fixture.Dispose();
        Assert.IsTrue(_tcp.Sessions.All(static s => s.IsClosed), "a TCP session is left open");
        return _hash;
    }

    // The channel is closed by the run, which checks how; after a failure there is nothing to close that holds anything.
    public void Dispose() => _calls.ForEach(static c => c.Dispose());

    private void Step()
    {
        switch (_random.Next(40))
        {
            case < 26:
                StartCall();
                break;
            case < 30 when _calls.Count > 0:
                _calls[_random.Next(_calls.Count)].Cancel();
                break;
            case < 32:
                _modes[_random.Next(EndPoints)] = (Mode)_random.Next(5);
                break;
            case 32:
                _udpBlocked = !_udpBlocked;
                break;
            case 33:
                AnySession()?.Fail();
                break;
            case 34:
                AnySession()?.GoAway();
                break;
            case 35:
                AnySession()?.SetCredit(_random.Next(1, 9));
                break;
            case 36:
                _fixture.Tls.Rotate(revokes: _random.Next(4) == 0);
                break;
            case 37:
                _fixture.Channel.SetWeight(_fixture.EndPoints[_random.Next(EndPoints)], _random.Next(1, 10));
                break;
            case 38:
                _fixture.Channel.RemoveEndPoint(_fixture.EndPoints[_random.Next(EndPoints)]);
                break;
            case 39:
                _fixture.Channel.AddEndPoint(_fixture.EndPoints[_random.Next(EndPoints)]);
                break;
        }
    }

    private void StartCall(bool isPatient = false)
    {
        Calls++;
        double timeout = isPatient ? 5 : 0.05 + (_random.NextDouble() * 2);
        var call = new SimulatedCall(_fixture.Time.Elapsed + TimeSpan.FromSeconds(timeout));
        call.Renting = _fixture.Channel.RentAsync(
            _fixture.Protocol, new LeaseRequest { Deadline = _fixture.Channel.DeadlineAfter(TimeSpan.FromSeconds(timeout)), FailFast = !isPatient && _random.Next(10) == 0 }, call.Token).AsTask();
        _calls.Add(call);
        _ = WatchAsync(call);
    }

    // What is asserted inside a call is told by the next look at all of them.
    private async Task WatchAsync(SimulatedCall call)
    {
        try
        {
            await ServeAsync(call).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _fault ??= exception;
        }
    }

    // Goes on inside the call that gives the lease, as nothing here hops to another thread.
    private async Task ServeAsync(SimulatedCall call)
    {
        ChannelLease lease;
        try
        {
            lease = await call.Renting.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or OperationCanceledException)
        {
            call.End(exception is TransportException transport ? 100 + (int)transport.Error : 99);
            return;
        }

        Served++;
        BreakerTrace breaker = TraceOf(lease.EndPointId);
        BreakerModel.ModelPermit permit = breaker.Claim();
        var session = (FakeChannelSession)lease.Session;
        CheckGeneration(lease, session);
        Assert.IsTrue(session.TryBegin(), "a lease without credit, or on a session that takes no calls");
        int endPoint = Array.FindIndex(_fixture.EndPoints, e => ChannelEndPoint.PlaceComparer.Equals(e, lease.EndPoint));
        TimeSpan takes = TimeSpan.FromSeconds(_random.NextDouble() * (_modes[endPoint] == Mode.Slow ? 1 : 0.1));
        call.Serve(_fixture.Time, takes, session, () =>
        {
            CallOutcome outcome = session.IsClosed ? CallOutcome.TransportFailure : _modes[endPoint] == Mode.Failing ? CallOutcome.ServerFailure : CallOutcome.Success;

            // The credit that this frees may lend to another before the breaker is told.
            session.End();
            CheckBreakers();
            breaker.Report(permit, outcome, () => lease.Complete(outcome));
            call.End((int)outcome);
        });
    }

    private ValueTask<ChannelSession>? Connect(FakeConnect attempt)
    {
        int endPoint = Array.FindIndex(_fixture?.EndPoints ?? [], e => ChannelEndPoint.PlaceComparer.Equals(e, attempt.Context.EndPoint));
        Mode mode = endPoint < 0 ? Mode.Up : _modes[endPoint];
        bool isLost = mode == Mode.Stalled || (_udpBlocked && attempt.Protocol.Transport == "quic");
        if (!isLost)
        {
            ITimer? timer = null;
            timer = attempt.Context.TimeProvider.CreateTimer(
                _ =>
                {
                    timer?.Dispose();
                    if (mode == Mode.Refusing)
                    {
                        attempt.Fail();
                    }
                    else
                    {
                        attempt.Succeed();
                    }
                },
                null,
                TimeSpan.FromSeconds(_random.NextDouble() * 0.05),
                Timeout.InfiniteTimeSpan);
            attempt.CancellationToken.Register(timer.Dispose);
        }

        return new ValueTask<ChannelSession>(attempt.Task);
    }

    private BreakerTrace TraceOf(int endPointId)
    {
        if (!_breakers.TryGetValue(endPointId, out BreakerTrace? trace))
        {
            _breakers.Add(endPointId, trace = new BreakerTrace(endPointId, _fixture));
        }

        CheckBreakers();
        return trace;
    }

    // All of them: what one end point's call ends may lend another's.
    private void CheckBreakers()
    {
        ChannelSnapshot snapshot = _fixture.Snapshot;
        foreach (BreakerTrace trace in _breakers.Values)
        {
            trace.Check(snapshot);
        }
    }

    private FakeChannelSession? AnySession()
    {
        FakeChannelSession[] open = [.. Sessions.Where(static s => !s.IsClosed)];
        return open.Length == 0 ? null : open[_random.Next(open.Length)];
    }

    // Once a newer one to the end point is ready, an older one is never lent; one whose trust is gone never at all.
    private void CheckGeneration(ChannelLease lease, FakeChannelSession session)
    {
        ConnectionSnapshot[] siblings = [.. _fixture.Snapshot.EndPoints.Where(e => e.Id == lease.EndPointId).SelectMany(static e => e.Connections)];
        ConnectionSnapshot own = siblings.Single(c => c.Id == lease.ConnectionId);
        long newest = siblings.Where(static c => c.State == PooledConnectionState.Ready).Select(static c => c.Generation).DefaultIfEmpty(long.MinValue).Max();
        Assert.IsTrue(own.Generation >= newest, $"connection {own.Id} was lent: {string.Join(Environment.NewLine, siblings.Select(static c => c.ToString()))}");
        Assert.IsFalse(session.IsClosed);
    }

    private void CheckCalls()
    {
        if (_fault is not null)
        {
            throw new AssertFailedException(_fault.ToString(), _fault);
        }

        foreach (SimulatedCall call in _calls.Where(static c => !c.Renting.IsCompleted))
        {
            Assert.IsLessThanOrEqualTo(call.Deadline + Grace, _fixture.Time.Elapsed, "a rent outlasted its deadline");
        }

        foreach (SimulatedCall call in _calls.Where(static c => c.IsOver))
        {
            Assert.AreEqual(1, call.Outcomes, "a call has not exactly one outcome");
            Note(call.Outcome, 0, 0);
            call.Dispose();
        }

        _calls.RemoveAll(static c => c.IsOver);
        CheckBreakers();
        foreach (EndPointSnapshot endPoint in _fixture.Snapshot.EndPoints)
        {
            Assert.IsLessThanOrEqualTo(3, endPoint.Connections.Count(static c => c.State == PooledConnectionState.Ready));
        }
    }

    private void Heal()
    {
        Array.Clear(_modes);
        _udpBlocked = false;
        _fixture.Channel.SetEndPoints(_fixture.EndPoints);
        foreach (FakeChannelSession session in Sessions)
        {
            session.SetCredit(5);
        }

        _fixture.Advance(8);
        CheckCalls();
        Assert.IsEmpty(_calls, "a call is left");
        Assert.AreEqual(0, _fixture.Snapshot.InFlight);
        Assert.AreEqual(0, _fixture.Snapshot.Waiters);
        Assert.IsTrue(_fixture.Snapshot.EndPoints.SelectMany(static e => e.Connections).All(static c => c.Leases == 0), "a permit leaked");
        Assert.IsTrue(Sessions.All(static s => s.ActiveStreams == 0), "a stream leaked");
    }

    // The first calls go out as probes of breakers that had opened; then everything succeeds, over QUIC.
    private void CheckRecovered()
    {
        for (int i = 0; i < 30; i++)
        {
            int before = Served;
            StartCall(isPatient: true);
            Task<ChannelLease> renting = _calls[^1].Renting;
            _fixture.Advance(0.3);
            CheckCalls();
            Assert.IsTrue(i < 10 || Served == before + 1, $"call {i} failed although all is well: {renting.Status} {renting.Exception}");
        }

        Assert.IsTrue(_fixture.Snapshot.EndPoints.All(static e => e.Breaker is BreakerState.Closed or BreakerState.HalfOpen));
        Assert.IsTrue(_fixture.Snapshot.EndPoints.SelectMany(static e => e.Connections).Where(static c => c.State == PooledConnectionState.Ready).All(static c => c.Transport == "quic"));
        Assert.IsTrue(_fixture.Snapshot.EndPoints.SelectMany(static e => e.Connections).Where(static c => c.State == PooledConnectionState.Ready).All(c => c.Generation == _fixture.Tls.Generation));
    }

    private void Note(long a, long b, long c)
    {
        foreach (long value in (ReadOnlySpan<long>)[_fixture.Time.Elapsed.Ticks, a, b, c])
        {
            _hash = (_hash ^ (ulong)value) * 0x100000001b3;
        }
    }
}
