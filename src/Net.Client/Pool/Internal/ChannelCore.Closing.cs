namespace Net.Client.Internal;

// The end of the channel, and what it looks like meanwhile.
internal sealed partial class ChannelCore
{
    // Whether the last call had ended before the channel was closed.
    private readonly TaskCompletionSource<bool> _quiet;
    private Task? _closing;

    internal async Task<bool> DrainAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        }

        MoveTo(ChannelState.Draining);
        bool isQuiet;
        try
        {
            isQuiet = await _quiet.Task.WaitAsync(timeout, Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            isQuiet = false;
        }

        await CloseAsync().ConfigureAwait(false);
        return isQuiet;
    }

    public ValueTask DisposeAsync() => new(CloseAsync());

    private Task CloseAsync()
    {
        TaskCompletionSource? own = null;
        lock (Gate)
        {
            if (_closing is null)
            {
                own = new TaskCompletionSource(_work.WaiterOptions);
                _closing = own.Task;
            }
        }

        if (own is not null)
        {
            _ = CompleteCloseAsync(own);
        }

        return _closing;
    }

    internal ChannelSnapshot GetSnapshot()
    {
        List<(EndPointState State, ChannelEndPoint EndPoint, bool IsRemoved, int Failures, long Next, double Blocked, PooledConnection[] Connections)> all = [];
        long now = Clock.Now;
        lock (Gate)
        {
            foreach (EndPointState state in _endPoints)
            {
                double blocked = state.Groups.Count == 0 ? 0 : state.Groups.Max(g => g.UdpBlocked(now));
                PooledConnection[] connections = [.. state.Groups.SelectMany(static g => g.Connections).OrderBy(static c => c.Id)];
                all.Add((state, state.EndPoint, state.IsRemoved, state.ConnectFailures, state.NextConnect, blocked, connections));
            }
        }

        // Sessions, breakers and clocks are asked outside the gate.
        EndPointSnapshot[] endPoints = [.. all.Select(e => new EndPointSnapshot
        {
            Id = e.State.Id,
            EndPoint = e.EndPoint,
            IsRemoved = e.IsRemoved,
            Health = e.State.Monitor.Health.Current,
            Breaker = e.State.Breaker?.State,
            BreakerRetryAfter = e.State.Breaker?.RetryAfter,
            IsEjected = e.State.Outlier?.IsEjected(now) == true,
            InFlight = e.State.Load.InFlight,
            Ended = e.State.Load.Ended,
            Failed = e.State.Load.Failed,
            ConnectFailures = e.Failures,
            NextConnect = e.Failures > 0 && e.Next > now ? Clock.ToUtc(e.Next) : null,
            SmoothedRtt = e.State.Load.SmoothedRtt,
            UdpBlocked = e.Blocked,
            Connections = [.. e.Connections.Select(c => Describe(c, now))],
        })];
        return new ChannelSnapshot
        {
            Id = Id,
            Name = Options.Name,
            Time = Clock.UtcNow,
            State = State,
            Generation = Generation,
            InFlight = endPoints.Sum(static e => e.InFlight),
            Waiters = CountWaiters(),
            EndPoints = endPoints,
        };
    }

    internal int CountWaiters() => Volatile.Read(ref _routes).Sum(static r => r.Waiters.Count);

    /// <summary>How many connections are in each state, and leases under way; for metrics.</summary>
    internal (int[] Connections, int Leases) Count()
    {
        var connections = new int[(int)PooledConnectionState.Closed + 1];
        int leases = 0;
        lock (Gate)
        {
            foreach (EndPointState state in _endPoints)
            {
                leases += state.Load.InFlight;
                foreach (ConnectionGroup group in state.Groups)
                {
                    foreach (PooledConnection connection in group.Connections)
                    {
                        connections[(int)connection.State]++;
                    }
                }
            }
        }

        return (connections, leases);
    }

    private ConnectionSnapshot Describe(PooledConnection connection, long now) => new()
    {
        Id = connection.Id,
        Protocol = connection.Protocol.Name,
        Transport = connection.Protocol.Transport,
        State = connection.State,
        Generation = connection.Generation,
        Age = Clock.Elapsed(connection.Opened, now),
        Leases = connection.Leases,
        Room = connection.Room,
        Choice = connection.Choice,
        Path = connection.Session.GetPathStatistics(),
    };

    private void MoveTo(ChannelState state)
    {
        lock (Gate)
        {
            if (State >= state)
            {
                return;
            }

            Volatile.Write(ref _state, (int)state);
            MarkStale_NeedsGate();
            Raise(ChannelEventKind.StateChanged, null, 0, state == ChannelState.Draining ? "the channel lends no more" : "the channel is closed");
        }

        Kick();
    }

    private async Task CompleteCloseAsync(TaskCompletionSource over)
    {
        try
        {
            await CloseOnceAsync().ConfigureAwait(false);
            over.TrySetResult();
        }
        catch (Exception exception)
        {
            // Whoever disposes is told, instead of waiting for ever.
            over.TrySetException(exception);
        }
    }

    private async Task CloseOnceAsync()
    {
        MoveTo(ChannelState.Closed);
        Options.Tls.Changed -= HandleTlsChanged;
        _stopping.Cancel();
        PoolDiagnostics.Remove(this);
        PooledConnection[] connections;
        EndPointState[] endPoints;
        WarmUpWait[] warmUps;
        _quiet.TrySetResult(false);
        lock (Gate)
        {
            endPoints = [.. _endPoints];
            connections = [.. endPoints.SelectMany(static s => s.Groups).SelectMany(static g => g.Connections)];
            warmUps = [.. _warmUps];
        }

        foreach (WarmUpWait wait in warmUps)
        {
            wait.Source.TrySetException(Draining());
        }

        foreach (Waiter waiter in Volatile.Read(ref _routes).SelectMany(static r => r.Waiters.ToArray()))
        {
            waiter.TryFail(Draining());
        }

        foreach (PooledConnection connection in connections)
        {
            await CutAsync(connection).ConfigureAwait(false);
        }

        foreach (EndPointState state in endPoints)
        {
            await state.Monitor.DisposeAsync().ConfigureAwait(false);
            state.Breaker?.Dispose();
        }

        // Attempts end by the look that the change of state asked for, and take with them what they have opened meanwhile.
        await _tasks.CloseAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        Owner.Deadlines.Close();
        _stopping.Dispose();
    }
}
