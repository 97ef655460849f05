using System.Globalization;

namespace Net.Client.Internal;

// Attempts to connect, and connections from ready to closed.
internal sealed partial class ChannelCore
{
    private void Begin(ConnectAttempt attempt)
    {
        _tasks.Begin();
        attempt.Cancellation = new CancellationTokenSource(Options.Pool.ConnectTimeout, Options.TimeProvider);
        foreach (Waiter waiter in attempt.Group.Route.Waiters.ToArray())
        {
            waiter.Request.Trace?.Add(new CallTraceStep(
                CallTraceStepKind.Connecting, Clock.Elapsed(waiter.Since, Clock.Now), attempt.Group.EndPoint.EndPoint, $"{attempt.Protocol}: {attempt.Reason}"));
        }

        _ = ConnectAsync(attempt, attempt.Cancellation);
    }

    private async Task ConnectAsync(ConnectAttempt attempt, CancellationTokenSource cancellation)
    {
        ChannelSession? session = null;
        TransportException? failure = null;

        // The generation first, the options second: what is taken for old may be newer, never the other way round.
        long generation = Options.Tls.Generation;
        try
        {
            session = await attempt.Protocol.ConnectAsync(
                new ChannelConnectContext
                {
                    EndPoint = attempt.Group.EndPoint.EndPoint,
                    Engine = Options.Engine,
                    Tls = Options.Tls.Current,
                    Limits = Options.Limits,
                    ConnectTimeout = Options.Pool.ConnectTimeout,
                    IdleTimeout = Options.Pool.TransportIdleTimeout,
                    KeepAliveInterval = Options.Pool.KeepAliveInterval,
                    AllowEarlyData = Options.AllowEarlyData,
                    TimeProvider = Options.TimeProvider,
                },
                cancellation.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = Translate(attempt, exception, cancellation.IsCancellationRequested);
        }

        if (failure is not null)
        {
            HandleFailed(attempt, failure);
        }
        else if (HandleConnected(attempt, session!, generation) is { } connection)
        {
            Follow(connection);
        }
        else
        {
            await CloseAsync(session!, 0).ConfigureAwait(false);
        }

        cancellation.Dispose();
        _tasks.End();
        Kick();
    }

    private TransportException Translate(ConnectAttempt attempt, Exception exception, bool isCancelled) => exception switch
    {
        TransportException transport => transport,
        OperationCanceledException when isCancelled => new TransportException(
            TransportError.ConnectFailed,
            string.Create(CultureInfo.InvariantCulture, $"No connection to {attempt.Group.EndPoint.EndPoint} over {attempt.Protocol} within {Options.Pool.ConnectTimeout.TotalSeconds:0.###} s ({nameof(PoolOptions)}.{nameof(PoolOptions.ConnectTimeout)})."),
            exception),
        _ => new TransportException(TransportError.ConnectFailed, $"Connecting to {attempt.Group.EndPoint.EndPoint} over {attempt.Protocol} failed: {exception.Message}", exception),
    };

    private PooledConnection? HandleConnected(ConnectAttempt attempt, ChannelSession session, long generation)
    {
        ConnectionGroup group = attempt.Group;
        PooledConnection connection;
        List<ConnectAttempt> losers;
        lock (Gate)
        {
            if (attempt.IsGivenUp || State != ChannelState.Open || group.EndPoint.IsRemoved || generation < OldestTrusted)
            {
                group.Clear_NeedsGate(attempt);
                return null;
            }

            long now = Clock.Now;
            connection = new PooledConnection(++_lastConnectionId, group, attempt.Protocol, session, Options.Pool)
            {
                IsFallback = attempt.IsFallback,
                Generation = generation,
                Opened = now,
                Expires = Clock.After(now, Shorten_NeedsGate(Options.Pool.Lifetime)),
                IdleLimit = Clock.Ticks(Shorten_NeedsGate(Options.Pool.IdleTimeout)),
                Choice = $"{attempt.Protocol.Transport}: {attempt.Reason}",
                FailuresBefore = group.EndPoint.ConnectFailures,
            };
            connection.MarkIdle(now);
            bool wasTcp = group.ReadyCount > 0 && !attempt.IsFallback && group.Pick.Connections.All(static c => c.IsFallback);
            losers = group.Succeed_NeedsGate(attempt, connection, now);
            if (wasTcp)
            {
                NoteTransport_NeedsGate(group.EndPoint, "QUIC works again; calls leave TCP");
            }

            group.Publish_NeedsGate();
            Raise(ChannelEventKind.ConnectionOpened, group.EndPoint.EndPoint, connection.Id, connection.Choice);
        }

        losers.ForEach(static l => l.Cancel());
        group.EndPoint.Load.SmoothedRtt = session.GetPathStatistics().SmoothedRtt ?? group.EndPoint.Load.SmoothedRtt;
        PoolDiagnostics.Connected(this, connection);
        group.EndPoint.Monitor.Health.RecordConnect(null);
        return connection;
    }

    private void HandleFailed(ConnectAttempt attempt, TransportException failure)
    {
        EndPointState state = attempt.Group.EndPoint;
        bool isEndPointsFault;
        TimeSpan pause = TimeSpan.Zero;
        lock (Gate)
        {
            if (attempt.IsGivenUp || State != ChannelState.Open)
            {
                attempt.Group.Clear_NeedsGate(attempt);
                return;
            }

            long now = Clock.Now;
            isEndPointsFault = attempt.Group.Fail_NeedsGate(attempt, failure, now);
            if (isEndPointsFault)
            {
                state.LastFailure = failure;
                attempt.Group.Miss_NeedsGate(now);
                pause = BackOff_NeedsGate(state, Math.Max(state.ConnectFailures, attempt.FailuresBefore + 1), now);
                MarkStale_NeedsGate();
            }

            Raise(ChannelEventKind.ConnectFailed, state.EndPoint, 0, $"{attempt.Protocol}: {failure.Message}");
        }

        PoolDiagnostics.ConnectFailed(this, attempt, failure);
        if (isEndPointsFault)
        {
            ClientLog.ConnectFailed(Logger, state.EndPoint, attempt.Protocol.Name, state.ConnectFailures, pause, failure);
            state.Monitor.Health.RecordConnect(failure.Message);
            Options.Resolver?.RequestRefresh();
        }
        else
        {
            ClientLog.RaceFailed(Logger, state.EndPoint, attempt.Protocol.Name, failure);
        }
    }

    private TimeSpan BackOff_NeedsGate(EndPointState state, int failures, long now)
    {
        TimeSpan most = Options.Pool.ConnectBackoff * Math.Pow(2, Math.Min(failures - 1, 40));
        most = most < Options.Pool.MaxConnectBackoff ? most : Options.Pool.MaxConnectBackoff;
        TimeSpan pause = most * (1 - (0.5 * Chance_NeedsGate()));
        state.ConnectFailures = failures;
        state.NextConnect = Clock.After(now, pause);
        return pause;
    }

    private TimeSpan Shorten_NeedsGate(TimeSpan limit) => limit == Timeout.InfiniteTimeSpan ? limit : limit * (1 - (Options.Pool.LimitJitter * Chance_NeedsGate()));

    private void Follow(PooledConnection connection)
    {
        _tasks.Begin();
        connection.Session.Draining += (_, _) => HandlePeerDraining(connection);
        connection.Session.CapacityChanged += (_, _) => HandleCapacity(connection);
        if (connection.Session.IsDraining)
        {
            HandlePeerDraining(connection);
        }

        _ = WatchAsync(connection);
    }

    private async Task WatchAsync(PooledConnection connection)
    {
        Task handshake = connection.Session.Connection?.HandshakeCompletion ?? Task.CompletedTask;
        if (!handshake.IsCompleted)
        {
            // With early data the server's certificate is known only then. A handshake that fails ends the session, too.
            await handshake.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (handshake.IsCompletedSuccessfully)
        {
            // Only now may others be opened beside it.
            connection.Prove();
            Kick();
        }

        // A server that loses its trust is cut off in the middle of whatever it answers.
        using IDisposable? watch = Options.Tls.Guard is { } guard ? connection.Session.WatchPeer(guard, verdict => _ = CutAsync(connection)) : null;
        ConnectionClose close = await connection.Session.Closed.ConfigureAwait(false);
        EndPointState state = connection.Group.EndPoint;
        lock (Gate)
        {
            Lose_NeedsGate(connection);
            connection.Group.Remove_NeedsGate(connection);
            Raise(ChannelEventKind.ConnectionClosed, state.EndPoint, connection.Id, close.ToException().Message);
        }

        Kick();
        await CloseAsync(connection.Session, connection.Id).ConfigureAwait(false);
        _tasks.End();
    }

    private void HandlePeerDraining(PooledConnection connection)
    {
        lock (Gate)
        {
            if (connection.State < PooledConnectionState.Draining)
            {
                Lose_NeedsGate(connection);
                connection.BeginDrain_NeedsGate(Clock.After(Clock.Now, Options.Pool.DrainTimeout));
                connection.Group.Publish_NeedsGate();
                NoteDraining_NeedsGate(connection, "the server takes no more calls on it");
            }
        }

        Kick();
    }

    private static void HandleCapacity(PooledConnection connection)
    {
        if (connection.Group.Route.HasWaiters)
        {
            connection.Group.Route.Pump();
        }
    }

    // The server ended it. One that ends again and again as soon as it is open is no better than one that cannot be opened.
    private void Lose_NeedsGate(PooledConnection connection)
    {
        EndPointState state = connection.Group.EndPoint;
        if (connection.State >= PooledConnectionState.Draining || State != ChannelState.Open)
        {
            return;
        }

        long now = Clock.Now;
        connection.Group.Miss_NeedsGate(now);
        if (Clock.Elapsed(connection.Opened, now) < Options.Pool.MaxConnectBackoff)
        {
            // Those that end together have ended once.
            BackOff_NeedsGate(state, Math.Max(state.ConnectFailures, connection.FailuresBefore + 1), now);
        }
        else
        {
            // Many clients lose their connections in the same moment.
            long spread = Clock.After(now, Options.Pool.ConnectBackoff * Chance_NeedsGate());
            state.NextConnect = Math.Max(state.NextConnect, spread);
        }
    }

    private void BeginDrain(PooledConnection connection)
    {
        try
        {
            connection.Session.Drain();
        }
        catch (Exception exception)
        {
            ClientLog.CloseFailed(Logger, connection.Id, exception);
        }
    }

    // What the session says of itself decides, and sessions are asked outside the gate. One look at a time.
    private void JudgeSilence((PooledConnection Connection, bool IsAnsweredElsewhere) silent)
    {
        PooledConnection connection = silent.Connection;
        SilenceVerdict verdict = connection.Silence!.Judge(connection.Session.GetPathStatistics().ProbeTimeouts, Options.Pool.MaxProbeTimeouts, silent.IsAnsweredElsewhere);
        bool isOver = Clock.Now >= Clock.After(connection.SilentSince, Options.Pool.SilenceTimeout);
        if (verdict == SilenceVerdict.Answered)
        {
            connection.EndSilence();
        }
        else if (verdict == SilenceVerdict.Dead || isOver)
        {
            lock (Gate)
            {
                connection.IsEnding = connection.IsCut = true;
            }

            _ = CutAsync(connection, verdict == SilenceVerdict.Dead
                ? "its server answers others and not this connection, which it seems to know no more; what was under way may have been processed"
                : string.Create(CultureInfo.InvariantCulture, $"its server has answered nothing for {Options.Pool.SilenceTimeout.TotalSeconds:0.###} s ({nameof(PoolOptions)}.{nameof(PoolOptions.SilenceTimeout)}); what was under way may have been processed"));
        }
        else if (verdict == SilenceVerdict.AskPeer && connection.TryBeginAsking())
        {
            _ = AskAsync(connection);
        }
    }

    private async Task CutAsync(PooledConnection connection, string? reason = null)
    {
        _tasks.Begin();
        if (reason is not null)
        {
            await AbortAsync(connection.Session, connection.Id, reason).ConfigureAwait(false);
        }

        await CloseAsync(connection.Session, connection.Id).ConfigureAwait(false);
        _tasks.End();
    }

    private async Task AbortAsync(ChannelSession session, long connectionId, string reason)
    {
        try
        {
            await session.AbortAsync(reason).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            ClientLog.CloseFailed(Logger, connectionId, exception);
        }
    }

    private async Task CloseAsync(ChannelSession session, long connectionId)
    {
        try
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            ClientLog.CloseFailed(Logger, connectionId, exception);
        }
    }

    internal void NoteRenewal_NeedsGate(string reason) => PoolDiagnostics.Renewing(this, reason);

    internal void NoteDraining_NeedsGate(PooledConnection connection, string reason) =>
        Raise(ChannelEventKind.ConnectionDraining, connection.Group.EndPoint.EndPoint, connection.Id, reason);

    internal void NoteTransport_NeedsGate(EndPointState state, string reason) => Raise(ChannelEventKind.TransportChanged, state.EndPoint, 0, reason);
}
