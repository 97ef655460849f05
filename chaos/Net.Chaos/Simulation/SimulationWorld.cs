namespace Net.Chaos.Simulation;

/// <summary>One thread, one clock and one source of chance for all nodes of a simulation. Time stands still while anybody has something to do, and then jumps to the next event.</summary>
internal sealed class SimulationWorld
{
    private const int MaxStepsAtOneTime = 100_000;
    private readonly List<ISimulatedPart> _parts = [];
    private Exception? _failure;

    internal SimulationWorld(int seed, bool keepsTrace = false)
    {
        Random = new Random(seed);
        Trace = new SimulationTrace(Clock, keepsTrace);
        Continuations = new SimulationContinuations(Work, Clock);
    }

    internal SimulationClock Clock { get; } = new();

    internal SimulationWork Work { get; } = new();

    /// <summary>Where those go on who wait inside sessions and calls.</summary>
    internal Continuations Continuations { get; }

    /// <summary>What the network and the servers draw from; callers and pools have generators of their own.</summary>
    internal Random Random { get; }

    internal SimulationTrace Trace { get; }

    internal TimeSpan Now => Clock.Elapsed;

    /// <summary>Something failed that must not: the run ends with it.</summary>
    internal void Fail(Exception exception) => _failure ??= exception;

    internal void Add(ISimulatedPart part) => _parts.Add(part);

    internal void After(TimeSpan delay, Action action) => Clock.After(delay, action);

    /// <summary>Waits. Who is cancelled goes on inside the cancellation, and not on the thread pool, as with the platform's delay.</summary>
    internal async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        var passed = new TaskCompletionSource();
        using ITimer timer = Clock.CreateTimer(static passed => ((TaskCompletionSource)passed!).TrySetResult(), passed, delay, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static (passed, token) => ((TaskCompletionSource)passed!).TrySetCanceled(token), passed);
        await passed.Task.ConfigureAwait(false);
    }

    /// <summary>A time from zero to below a limit.</summary>
    internal TimeSpan Draw(TimeSpan limit) => limit * Random.NextDouble();

    /// <summary>Runs everything until a time, which the clock then shows.</summary>
    internal void RunUntil(TimeSpan target)
    {
        while (true)
        {
            RunReady();
            if (NextEvent() is not TimeSpan next || next > target)
            {
                Clock.MoveTo(target);
                return;
            }

            Clock.MoveTo(next);
        }
    }

    /// <summary>Runs all that can be done without time passing.</summary>
    internal void RunReady()
    {
        for (int step = 0; step < MaxStepsAtOneTime; step++)
        {
            if (!Work.TryRun() && !TryRunPart() && !Clock.TryFire())
            {
                return;
            }

            if (_failure is not null)
            {
                throw new SimulationException($"A part of the simulation failed at {Now}: {_failure}", _failure);
            }
        }

        throw new SimulationException($"Something keeps itself busy at {Now} without letting time pass.");
    }

    private bool TryRunPart()
    {
        bool any = false;
        foreach (ISimulatedPart part in _parts)
        {
            if (part.NeedsTurn)
            {
                part.RunTurn();
                any = true;
            }
        }

        return any;
    }

    private TimeSpan? NextEvent()
    {
        TimeSpan? next = Clock.NextTimer;
        foreach (ISimulatedPart part in _parts)
        {
            next = part.NextTurn is TimeSpan turn && !(next <= turn) ? turn : next;
        }

        return next < Now ? Now : next;
    }
}
