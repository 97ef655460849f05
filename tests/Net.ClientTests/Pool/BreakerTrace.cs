using Net.Client;
using Net.ClientTests.Resilience;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>
/// The model of the breaker of one end point in a pool, which is told what the pool told the breaker, in that order: a permit for each lease, and how it ended. After each of these, and whenever the clock
/// was moved, the two must say the same.
/// </summary>
internal sealed class BreakerTrace
{
    private readonly int _id;
    private readonly CircuitBreakerOptions _options;
    private readonly PoolFixture _fixture;
    private readonly BreakerModel _model;
    private readonly Queue<BreakerModel.ModelPermit> _unclaimed = [];
    private (BreakerModel.ModelPermit Permit, CallOutcome Outcome)? _untold;
    private BreakerState _last;
    private EndPointSnapshot? _snapshot;
    private int _claimed;

    internal BreakerTrace(int id, PoolFixture fixture)
    {
        _id = id;
        _fixture = fixture;
        _options = fixture.Channel.Options.Breaker!;
        _model = new BreakerModel(_options, TakeOpenTime);
    }

    /// <summary>Changes of state that both saw.</summary>
    internal int Changes { get; private set; }

    private long Now => _fixture.Time.Elapsed.Ticks;

    /// <summary>A lease has come, and the trace has caught up.</summary>
    /// <returns>What its end is to be told with.</returns>
    internal BreakerModel.ModelPermit Claim()
    {
        Assert.IsNotEmpty(_unclaimed, $"end point {_id}: a lease that is not in flight");
        _claimed++;
        return _unclaimed.Dequeue();
    }

    /// <summary>A lease is over, and the trace has caught up.</summary>
    /// <param name="permit">What <see cref="Claim"/> gave.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="complete">Completes it.</param>
    internal void Report(BreakerModel.ModelPermit permit, CallOutcome outcome, Action complete)
    {
        _claimed--;
        _untold = (permit, outcome);

        // May lend to others at once, who look at all traces: by then the breaker was told.
        complete();
        Check(_fixture.Snapshot);
    }

    /// <summary>Catches up with what has happened, and compares.</summary>
    internal void Check(ChannelSnapshot pool)
    {
        _snapshot = pool.EndPoints.SingleOrDefault(e => e.Id == _id);
        if (_snapshot is not { } snapshot)
        {
            // Removed, with all its calls over.
            return;
        }

        if (_untold is var (permit, outcome))
        {
            _untold = null;
            _model.Report(permit, outcome, Now);
        }

        // Lent, but not handed out yet: the permits were taken before whatever follows.
        while (snapshot.InFlight > _claimed + _unclaimed.Count)
        {
            _unclaimed.Enqueue(_model.Acquire(Now) ?? throw new AssertFailedException($"end point {_id}: the breaker let a call through that the model does not ({_model.StateAt(Now)})"));
        }

        // Handed out to callers who had left, and given back.
        while (snapshot.InFlight < _claimed + _unclaimed.Count && _unclaimed.TryDequeue(out BreakerModel.ModelPermit? left))
        {
            _model.Report(left, CallOutcome.Cancelled, Now);
        }

        Assert.AreEqual(_model.StateAt(Now), snapshot.Breaker, $"end point {_id}, at {_fixture.Time.Elapsed}");
        Assert.AreEqual(_model.RetryAfterAt(Now), snapshot.BreakerRetryAfter?.Ticks, $"end point {_id}, at {_fixture.Time.Elapsed}");
        Changes += _last == snapshot.Breaker ? 0 : 1;
        _last = snapshot.Breaker!.Value;
    }

    // Chance is the breaker's own: the model takes what came of it, if that is within the jitter.
    private long TakeOpenTime(double time)
    {
        TimeSpan? real = _snapshot!.BreakerRetryAfter;
        Assert.IsNotNull(real, $"end point {_id}, at {_fixture.Time.Elapsed}: the model opens and the breaker does not");
        Assert.AreEqual(time, real.Value.Ticks, (time * _options.OpenTimeJitter) + 1, $"end point {_id}: the open time");
        return real.Value.Ticks;
    }
}
