namespace Net.Client.Internal;

// End points come, change and go; identity and trust change.
internal sealed partial class ChannelCore
{
    /// <summary>Adds and changes end points, and removes those that are not named.</summary>
    internal void SetEndPoints(IReadOnlyList<ChannelEndPoint> endPoints, bool replacesAll)
    {
        lock (Gate)
        {
            if (State != ChannelState.Open)
            {
                return;
            }

            foreach (ChannelEndPoint endPoint in endPoints)
            {
                AddOrUpdate_NeedsGate(endPoint);
            }

            if (replacesAll)
            {
                var named = new HashSet<ChannelEndPoint>(endPoints, ChannelEndPoint.PlaceComparer);
                _endPoints.FindAll(state => !state.IsRemoved && !named.Contains(state.EndPoint)).ForEach(Remove_NeedsGate);
            }
        }

        Kick();
    }

    internal bool RemoveEndPoint(ChannelEndPoint endPoint)
    {
        lock (Gate)
        {
            if (Find_NeedsGate(endPoint) is not { } state)
            {
                return false;
            }

            Remove_NeedsGate(state);
        }

        Kick();
        return true;
    }

    internal bool Update(ChannelEndPoint endPoint, Func<ChannelEndPoint, ChannelEndPoint> change)
    {
        lock (Gate)
        {
            if (Find_NeedsGate(endPoint) is not { } state)
            {
                return false;
            }

            Replace_NeedsGate(state, change(state.EndPoint));
        }

        Kick();
        return true;
    }

    internal EndPointState? Find(ChannelEndPoint endPoint)
    {
        lock (Gate)
        {
            return Find_NeedsGate(endPoint);
        }
    }

    private EndPointState? Find_NeedsGate(ChannelEndPoint endPoint) => _endPoints.Find(s => !s.IsRemoved && ChannelEndPoint.PlaceComparer.Equals(s.EndPoint, endPoint));

    // One that comes back while its old connections still finish their calls is a new one: what was held of it may be long out of date.
    private void AddOrUpdate_NeedsGate(ChannelEndPoint endPoint)
    {
        if (Find_NeedsGate(endPoint) is { } known)
        {
            Replace_NeedsGate(known, endPoint);
            return;
        }

        var load = new EndPointLoad(Options.TimeProvider, Options.Load);
        CircuitBreaker? breaker = Options.Breaker is null ? null
            : new CircuitBreaker(endPoint.ToString(), Options.Breaker, Options.TimeProvider, new Random(_random.Next()), Logger);
        var state = new EndPointState(++_lastEndPointId, endPoint, load, breaker, _ejector?.Add(endPoint.ToString()));
        state.Monitor = _monitors.Create(new PoolHealthTarget(state, this));
        state.Seen = state.Monitor.Health.Current.State;
        state.Monitor.Health.Changed += (_, _) =>
        {
            FindSilence(state);
            Kick();
        };
        if (breaker is not null)
        {
            breaker.StateChanged += (_, change) =>
            {
                Raise(ChannelEventKind.BreakerChanged, state.EndPoint, 0, $"{change.Previous} to {change.Current}: {change.Trigger}");
                Kick();
            };
        }

        if (_routes.Length > 0 && _endPoints.Exists(static s => s.IsConnected))
        {
            // It joins others that are warm.
            state.WarmUp = Options.SlowStart.Begin(Options.TimeProvider);
        }

        foreach (ProtocolRoute route in _routes)
        {
            state.Groups.Add(new ConnectionGroup(this, state, route));
        }

        _endPoints.Add(state);
        state.Monitor.Start();
        MarkStale_NeedsGate();
        Raise(ChannelEventKind.EndPointAdded, endPoint, 0, "it was added");
    }

    /// <summary>Asks all connections of an end point whether the peer still answers. Any thread, without the gate, as it asks the sessions.</summary>
    /// <returns>Whether one of them was just found to be silent.</returns>
    internal bool FindSilence(EndPointState state)
    {
        PooledConnection[] connections;
        lock (Gate)
        {
            connections = [.. state.Groups.SelectMany(static g => g.Connections)];
        }

        bool isFound = false;
        long now = Clock.Now;
        foreach (PooledConnection connection in connections)
        {
            isFound |= connection.FindSilence(Options.Pool.MaxProbeTimeouts, now);
        }

        return isFound;
    }

    /// <summary>Has some connections of an end point send something that the peer has to answer.</summary>
    internal void Ask(EndPointState state, Func<PooledConnection, bool> which)
    {
        PooledConnection[] asked;
        lock (Gate)
        {
            asked = [.. state.Groups.SelectMany(static g => g.Pick.Connections).Where(which)];
        }

        foreach (PooledConnection connection in asked)
        {
            if (connection.TryBeginAsking())
            {
                _ = AskAsync(connection);
            }
        }
    }

    // What comes of it shows in the connection's own figures.
    private async Task AskAsync(PooledConnection connection)
    {
        _tasks.Begin();
        try
        {
            using var limit = new CancellationTokenSource(_monitors.Options.Timeout, Options.TimeProvider);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
            await connection.Session.PingAsync(end.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            ClientLog.AskFailed(Logger, connection.Id, exception);
        }

        connection.EndAsking();
        _tasks.End();
    }

    private void Replace_NeedsGate(EndPointState state, ChannelEndPoint endPoint)
    {
        if (state.EndPoint != endPoint)
        {
            state.EndPoint = endPoint;
            MarkStale_NeedsGate();
            Raise(ChannelEventKind.EndPointUpdated, endPoint, 0, FormattableString.Invariant($"weight {endPoint.Weight}, priority {endPoint.Priority}, zone {endPoint.Zone ?? "none"}"));
        }
    }

    private void Remove_NeedsGate(EndPointState state)
    {
        state.IsRemoved = true;
        MarkStale_NeedsGate();
        Raise(ChannelEventKind.EndPointRemoved, state.EndPoint, 0, "it was removed");
    }

    private async Task ResolveAsync(EndPointResolver resolver, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (System.Collections.Immutable.ImmutableArray<ChannelEndPoint> endPoints in resolver.ResolveAsync(cancellationToken).ConfigureAwait(false))
            {
                SetEndPoints(endPoints, replacesAll: true);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The channel closes.
        }
        catch (Exception exception)
        {
            // A resolver reports its failures otherwise; the end points that are known stay.
            ClientLog.ResolverEnded(Logger, resolver.Name, exception);
        }

        _tasks.End();
    }

    private async Task ForgetAsync(EndPointState state)
    {
        _tasks.Begin();
        if (state.Outlier is { } outlier)
        {
            _ejector!.Remove(outlier);
        }

        state.Breaker?.Dispose();
        await state.Monitor.DisposeAsync().ConfigureAwait(false);
        _tasks.End();
    }

    private void HandleTlsChanged(object? sender, EventArgs e)
    {
        // Read outside the gate: the source is the user's code. A later change that overtakes this one is not undone.
        long generation = Options.Tls.Generation;
        long oldest = Options.Tls.OldestTrustedGeneration;
        lock (Gate)
        {
            if (State != ChannelState.Open)
            {
                return;
            }

            bool isNew = generation > _generation || oldest > _oldestTrusted;
            Volatile.Write(ref _generation, Math.Max(_generation, generation));
            Volatile.Write(ref _oldestTrusted, Math.Max(_oldestTrusted, oldest));
            if (!isNew)
            {
                return;
            }

            foreach (EndPointState state in _endPoints)
            {
                // What was refused may be accepted now.
                state.NextConnect = long.MinValue;
            }

            Raise(ChannelEventKind.GenerationChanged, null, 0, FormattableString.Invariant($"generation {generation}, connections before {oldest} are cut"));
        }

        Kick();
    }

    /// <summary>Calls that were ever begun.</summary>
    internal long CountCalls_NeedsGate() => _endPoints.Sum(static s => s.Load.Ended + s.Load.InFlight);

    /// <summary>Whether somebody waits until end points are ready, which is to need one connection to each where none is kept.</summary>
    internal bool IsAwaited_NeedsGate(ProtocolRoute route) => _warmUps.Exists(w => w.Route == route);

    private void FindReady_NeedsGate(SettlePass pass)
    {
        for (int i = _warmUps.Count - 1; i >= 0; i--)
        {
            WarmUpWait wait = _warmUps[i];
            int wanted = Math.Max(1, Options.Pool.MinConnections);
            int ready = _endPoints.Count(s => !s.IsRemoved && s.Groups.Exists(g => g.Route == wait.Route && g.ReadyCount >= wanted));
            if (ready >= wait.EndPoints)
            {
                pass.Ready.Add(wait);
                _warmUps.RemoveAt(i);
            }
        }
    }

    internal async Task WarmUpAsync(ChannelProtocol protocol, int endPoints, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(endPoints, 1);
        var wait = new WarmUpWait(GetRoute(protocol), endPoints, new TaskCompletionSource(_work.WaiterOptions));
        lock (Gate)
        {
            if (State != ChannelState.Open)
            {
                throw Draining();
            }

            _warmUps.Add(wait);
        }

        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (source, token) => ((TaskCompletionSource)source!).TrySetCanceled(token), wait.Source);
        try
        {
            Kick();
            await wait.Source.Task.ConfigureAwait(false);
        }
        finally
        {
            lock (Gate)
            {
                _warmUps.Remove(wait);
            }
        }
    }
}
