using System.Globalization;

namespace Net.Client.Internal;

// What the group should do now, looked at as a whole each time something changed: retire, replace, grow, race.
internal sealed partial class ConnectionGroup
{
    /// <summary>Looks at the group and notes what is to be done, and when to look again.</summary>
    internal void Plan_NeedsGate(SettlePass pass)
    {
        bool isOpen = _core.State == ChannelState.Open && !EndPoint.IsRemoved;
        Retire_NeedsGate(pass, isOpen);
        if (isOpen)
        {
            Supply_NeedsGate(pass);
        }
        else
        {
            GiveUp_NeedsGate(pass, _main);
            GiveUp_NeedsGate(pass, _fallback);
            GiveUp_NeedsGate(pass, _repeat);
            _beside.ForEach(attempt => GiveUp_NeedsGate(pass, attempt));
            _race = null;
        }

        Release_NeedsGate(pass);
        Publish_NeedsGate();
    }

    /// <summary>Ends an attempt whose result nobody wants.</summary>
    internal static void GiveUp_NeedsGate(SettlePass pass, ConnectAttempt? attempt)
    {
        if (attempt is { IsGivenUp: false })
        {
            attempt.IsGivenUp = true;
            pass.Cancels.Add(attempt);
        }
    }

    private void Retire_NeedsGate(SettlePass pass, bool isOpen)
    {
        bool hasMain = _connections.Exists(static c => c is { State: PooledConnectionState.Ready, IsFallback: false });
        long newest = Math.Max(_core.Generation, Newest_NeedsGate());
        int spare = ReadyCount - _options.MinConnections;
        foreach (PooledConnection connection in _connections)
        {
            if (connection.Generation < _core.OldestTrusted)
            {
                Cut_NeedsGate(pass, connection, "its trust was withdrawn");
            }
            else if (!isOpen)
            {
                Drain_NeedsGate(connection, pass.Now, _core.State == ChannelState.Open ? "its end point was removed" : "the channel is draining");
            }
            else if (connection is { IsSilent: true, State: < PooledConnectionState.Draining })
            {
                Miss_NeedsGate(pass.Now);

                // A peer that is gone and back knows nothing of it, and says so only if its reset key is still the same.
                Drain_NeedsGate(connection, pass.Now, "its server answers nothing on it");
            }
            else if (connection.State == PooledConnectionState.Ready && ReasonToRenew(connection, pass.Now, newest, hasMain) is string reason)
            {
                connection.MoveTo_NeedsGate(PooledConnectionState.Expiring);
                _core.NoteRenewal_NeedsGate(reason);
            }
            else if (spare > 0 && connection is { State: PooledConnectionState.Ready, Leases: 0 } && IsIdle(connection, pass.Now))
            {
                // What made it grow is over, too.
                spare--;
                Volatile.Write(ref _growWanted, 0);
                EndMissing_NeedsGate();
                if (EndPoint.Seen != HealthState.Healthy || EndPoint.Breaker is { State: not BreakerState.Closed })
                {
                    // Nobody called because it was cut off, and without a connection nobody will find out that it works again.
                    Miss_NeedsGate(pass.Now);
                }

                Drain_NeedsGate(connection, pass.Now, "it was idle");
            }
        }

        DrainReplaced_NeedsGate(pass);
    }

    private static string? ReasonToRenew(PooledConnection connection, long now, long newest, bool hasMain) =>
        connection.Generation < newest ? "identity or trust has changed"
        : now >= connection.Expires ? "its lifetime is over"
        : connection.IsFallback && hasMain ? "QUIC works again"
        : null;

    private static bool IsIdle(PooledConnection connection, long now) => connection.IdleLimit != PoolClock.Never && now - connection.IdleSince >= connection.IdleLimit;

    // The successor is ready before the old one takes no more calls. A newer identity needs one successor only, as no call may go out under the old one then.
    private void DrainReplaced_NeedsGate(SettlePass pass)
    {
        int ready = ReadyCount;
        bool hasMain = _connections.Exists(static c => c is { State: PooledConnectionState.Ready, IsFallback: false });
        long newest = Newest_NeedsGate();
        foreach (PooledConnection connection in _connections)
        {
            if (connection.State != PooledConnectionState.Expiring)
            {
                continue;
            }

            bool isReplaced = connection.Generation < newest || (connection.IsFallback && hasMain)
                || (connection.Generation >= _core.Generation && ready >= Math.Max(1, _options.MinConnections));
            bool isUnused = _options.MinConnections == 0 && connection.Leases == 0;
            if (isReplaced || isUnused)
            {
                Drain_NeedsGate(connection, pass.Now, "its successor is ready");
            }
        }
    }

    private void Drain_NeedsGate(PooledConnection connection, long now, string reason)
    {
        if (connection.State < PooledConnectionState.Draining)
        {
            connection.BeginDrain_NeedsGate(_core.Clock.After(now, _options.DrainTimeout));
            _core.NoteDraining_NeedsGate(connection, reason);
        }
    }

    private void Cut_NeedsGate(SettlePass pass, PooledConnection connection, string reason)
    {
        bool isFirst = connection.State < PooledConnectionState.Draining;
        connection.BeginDrain_NeedsGate(pass.Now);
        if (isFirst)
        {
            _core.NoteDraining_NeedsGate(connection, reason);
        }
    }

    // Draining connections end when nothing is lent of them, or when their time is over.
    private void Release_NeedsGate(SettlePass pass)
    {
        // Counted once: with thousands of connections, once for each would be most of the look.
        bool hasSpare = ReadyCount > _options.MinConnections;
        foreach (PooledConnection connection in _connections)
        {
            if (connection.State == PooledConnectionState.Draining)
            {
                if (pass.Now >= connection.DrainEnds)
                {
                    if (!connection.IsCut)
                    {
                        connection.IsCut = true;
                        pass.Cuts.Add(connection);
                    }

                    continue;
                }

                if (connection.Leases == 0 && !connection.IsEnding)
                {
                    connection.IsEnding = true;
                    pass.Drains.Add(connection);
                }

                pass.WakeAt(connection.DrainEnds);
                if (connection is { IsSilent: true, IsEnding: false })
                {
                    WatchSilence_NeedsGate(pass, connection);
                }
            }
            else if (connection.State == PooledConnectionState.Ready)
            {
                pass.WakeAt(connection.Expires);
                if (hasSpare && connection.IdleLimit != PoolClock.Never)
                {
                    // Nobody tells when the last lease ends: it is looked for.
                    pass.WakeAt((connection.Leases == 0 ? connection.IdleSince : pass.Now) + connection.IdleLimit);
                }
            }
        }
    }

    private void WatchSilence_NeedsGate(SettlePass pass, PooledConnection connection)
    {
        TimeSpan interval = SilenceWatch.Interval(EndPoint.Load.SmoothedRtt);
        SilenceWatch watch = connection.Silence ??= new SilenceWatch { Next = _core.Clock.After(pass.Now, interval) };
        if (pass.Now >= watch.Next)
        {
            watch.Next = _core.Clock.After(pass.Now, interval);
            pass.Silent.Add((connection, EndPoint.HasAnsweredSince(connection.SilentSince)));
        }

        pass.WakeAt(watch.Next);
    }

    private void Supply_NeedsGate(SettlePass pass)
    {
        int ready = ReadyCount;
        bool isTcp = ready > 0 && !_connections.Exists(static c => c is { State: PooledConnectionState.Ready, IsFallback: false });
        bool isConnecting = isTcp || IsFallbackOnly ? _fallback is not null : IsConnecting || _race is not null;
        if (Target_NeedsGate(pass, ready) > ready && !isConnecting)
        {
            Connect_NeedsGate(pass, isTcp);
        }

        FillUp_NeedsGate(pass, ready);
        if (_race is { FallbackWon: true } lost && ready == 0 && _fallback is null)
        {
            // What TCP gave is gone while QUIC is still under way: TCP has its turn again.
            lost.FallbackWon = lost.FallbackStarted = false;
            lost.FallbackAt = Math.Max(pass.Now, EndPoint.NextConnect);
        }

        if (_race is { FallbackStarted: false } race)
        {
            StartFallbackWhenDue_NeedsGate(pass, race);
        }

        if (isTcp && !IsFallbackOnly && _main is null)
        {
            Probe_NeedsGate(pass);
        }

        if (ready == 0)
        {
            Repeat_NeedsGate(pass);
        }
    }

    // One beside the other at most, and one for all protocols of the end point: a server that is slow to answer gets no more than twice the handshakes.
    private void Repeat_NeedsGate(SettlePass pass)
    {
        if (_main is null && _beside.Count > 0)
        {
            // Begun while there was a connection, which is lost.
            _main = _beside[0];
            _beside.RemoveAt(0);
        }

        if ((_main ?? _fallback) is not { IsGivenUp: false } first || EndPoint.Groups.Exists(static g => g._repeat is not null))
        {
            return;
        }

        if (pass.Now < first.RepeatAt)
        {
            pass.WakeAt(first.RepeatAt);
            return;
        }

        _repeat = Attempt_NeedsGate(
            pass, first.IsFallback, string.Create(CultureInfo.InvariantCulture, $"the attempt before had no result within {_options.ConnectAttemptDelay.TotalSeconds:0.###} s; {first.Reason}"));
    }

    // A connection that is ready, under the present identity, shows that more can be had: a thousand of them, one after the other, would take longer than the outage that ended the last thousand.
    private void FillUp_NeedsGate(SettlePass pass, int ready)
    {
        bool isSure = _race is null && EndPoint.ConnectFailures == 0 && pass.Now >= EndPoint.NextConnect
            && _connections.Exists(static c => c is { State: PooledConnectionState.Ready, IsFallback: false, IsProved: true });
        int underWay = _beside.Count + (_main is null ? 0 : 1);
        for (; isSure && underWay < _options.MaxConcurrentConnects && ready + underWay < _options.MinConnections; underWay++)
        {
            _beside.Add(Attempt_NeedsGate(pass, isFallback: false, "QUIC works here"));
        }
    }

    private int Target_NeedsGate(SettlePass pass, int ready)
    {
        int target = _options.MinConnections;
        if (ready == 0 && IsMissed_NeedsGate(pass))
        {
            target = Math.Max(target, 1);
        }

        if (_connections.Exists(static c => c.State == PooledConnectionState.Expiring && c.Leases > 0) || _core.IsAwaited_NeedsGate(Route))
        {
            target = Math.Max(target, 1);
        }

        // Calls that find no room wish for growth. The wish stands while there can be no more, so that not every call repeats it.
        bool isShort = Volatile.Read(ref _growWanted) != 0 || (ready == 0 && Route.HasWaiters);
        return Math.Min(isShort ? Math.Max(target, ready + 1) : target, _options.MaxConnections);
    }

    private void Connect_NeedsGate(SettlePass pass, bool isTcp)
    {
        // While an end point fails, all protocols together make one attempt at a time.
        if (pass.Now < EndPoint.NextConnect || (EndPoint.ConnectFailures > 0 && EndPoint.IsConnecting))
        {
            pass.WakeAt(pass.Now < EndPoint.NextConnect ? EndPoint.NextConnect : PoolClock.Never);
            return;
        }

        Volatile.Write(ref _growWanted, 0);
        bool hasMain = _connections.Exists(static c => c is { State: <= PooledConnectionState.Expiring, IsFallback: false });
        if (IsFallbackOnly)
        {
            Start_NeedsGate(pass, isFallback: true, "the channel's policy is to use nothing else");
        }
        else if (Fallback is null || hasMain)
        {
            Start_NeedsGate(pass, isFallback: false, Fallback is null ? "there is no fallback" : "QUIC works here");
        }
        else if (isTcp || pass.Now < _nextProbe)
        {
            Start_NeedsGate(pass, isFallback: true, isTcp ? "it serves until QUIC is ready" : "UDP was blocked here of late");
        }
        else
        {
            TimeSpan headStart = _memory.HeadStart(pass.Now, EndPoint.Load.SmoothedRtt);
            _race = new ConnectRace { HeadStart = headStart, FallbackAt = _core.Clock.After(pass.Now, headStart) };
            Start_NeedsGate(pass, isFallback: false, "it came first in the race");
        }
    }

    private void StartFallbackWhenDue_NeedsGate(SettlePass pass, ConnectRace race)
    {
        if (pass.Now < race.FallbackAt)
        {
            pass.WakeAt(race.FallbackAt);
            return;
        }

        race.FallbackStarted = true;
        Start_NeedsGate(pass, isFallback: true, race.MainFailure is { } failure
            ? "QUIC failed: " + failure.Message
            : string.Create(CultureInfo.InvariantCulture, $"QUIC was not ready within its head start of {race.HeadStart.TotalMilliseconds:0.#} ms"));
    }

    // TCP serves; QUIC is tried again from time to time.
    private void Probe_NeedsGate(SettlePass pass)
    {
        if (pass.Now < _nextProbe)
        {
            pass.WakeAt(_nextProbe);
            return;
        }

        Start_NeedsGate(pass, isFallback: false, "QUIC was tried again");
    }

    private void Start_NeedsGate(SettlePass pass, bool isFallback, string reason)
    {
        ConnectAttempt attempt = Attempt_NeedsGate(pass, isFallback, reason);
        if (isFallback)
        {
            _fallback = attempt;
        }
        else
        {
            _main = attempt;
        }
    }

    private ConnectAttempt Attempt_NeedsGate(SettlePass pass, bool isFallback, string reason)
    {
        var attempt = new ConnectAttempt(this, isFallback ? Fallback! : Route.Protocol, isFallback, reason) { RepeatAt = _core.Clock.After(pass.Now, _options.ConnectAttemptDelay) };
        pass.Starts.Add(attempt);
        return attempt;
    }
}
