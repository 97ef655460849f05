namespace Net.Client.Internal;

// How attempts end, and what the end point learns from it.
internal sealed partial class ConnectionGroup
{
    /// <summary>An attempt gave a session.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="connection">The connection, ready.</param>
    /// <param name="now">The time.</param>
    /// <returns>Attempts that have lost their race by this, to be cancelled outside the gate.</returns>
    internal List<ConnectAttempt> Succeed_NeedsGate(ConnectAttempt attempt, PooledConnection connection, long now)
    {
        List<ConnectAttempt> losers = [];
        if (Twin_NeedsGate(attempt) is { } twin)
        {
            losers.Add(twin);
        }

        Clear_NeedsGate(attempt);
        if (!EndPoint.IsConnected)
        {
            // What failed did so on connections that are gone, perhaps to a process that is gone.
            EndPoint.Load.Forget(now);
        }

        _connections.Add(connection);
        EndMissing_NeedsGate();
        EndPoint.ConnectFailures = 0;
        EndPoint.NextConnect = long.MinValue;
        EndPoint.LastFailure = null;
        if (!attempt.IsFallback)
        {
            _memory.Forget();
            _nextProbe = long.MinValue;
            _race = null;
            if (_fallback is { } fallback)
            {
                losers.Add(fallback);
            }
        }
        else if (_race is { } race)
        {
            race.FallbackWon = true;
            if (_main is null)
            {
                LoseRace_NeedsGate(now);
            }
        }

        losers.ForEach(static l => l.IsGivenUp = true);
        return losers;
    }

    /// <summary>An attempt failed.</summary>
    /// <returns>Whether the end point as a whole cannot be connected to now, so that it is left alone for a while.</returns>
    internal bool Fail_NeedsGate(ConnectAttempt attempt, TransportException exception, long now)
    {
        if (attempt == _repeat)
        {
            // The one that it was made beside is older and goes on: its end says what there is to learn.
            Twin_NeedsGate(attempt)!.RepeatAt = _core.Clock.After(now, _options.ConnectAttemptDelay);
            _repeat = null;
            return false;
        }

        Clear_NeedsGate(attempt);

        if (attempt.IsFallback)
        {
            // TCP does not work either: the next attempt is a race again, whatever is remembered.
            _nextProbe = long.MinValue;
            if (_race is { } race && _main is not null)
            {
                race.FallbackFailed = true;
                return false;
            }

            _race = null;
            return true;
        }

        bool hasFallback = _connections.Exists(static c => c is { State: <= PooledConnectionState.Expiring, IsFallback: true });
        if (_race is null)
        {
            if (hasFallback)
            {
                LoseRace_NeedsGate(now);
            }

            return !hasFallback;
        }

        if (_race.FallbackWon)
        {
            LoseRace_NeedsGate(now);
            return false;
        }

        _race.MainFailure = exception;
        _race.FallbackAt = now;
        if (!_race.FallbackFailed)
        {
            return false;
        }

        _race = null;
        return true;
    }

    /// <summary>Forgets an attempt that was given up.</summary>
    internal void Clear_NeedsGate(ConnectAttempt attempt)
    {
        if (_main == attempt)
        {
            _main = TakeRepeat_NeedsGate(isFallback: false);
        }
        else if (_fallback == attempt)
        {
            _fallback = TakeRepeat_NeedsGate(isFallback: true);
        }
        else if (_repeat == attempt)
        {
            _repeat = null;
        }
        else
        {
            _beside.Remove(attempt);
        }
    }

    // The attempt that is made beside this one at the same.
    private ConnectAttempt? Twin_NeedsGate(ConnectAttempt attempt) =>
        attempt == _repeat ? (attempt.IsFallback ? _fallback : _main)
        : (attempt == _main || attempt == _fallback) && _repeat?.IsFallback == attempt.IsFallback ? _repeat
        : null;

    private ConnectAttempt? TakeRepeat_NeedsGate(bool isFallback)
    {
        ConnectAttempt? repeat = _repeat?.IsFallback == isFallback ? _repeat : null;
        _repeat = repeat is null ? _repeat : null;
        return repeat;
    }

    // Only now is it known that UDP was the matter, as TCP gets through.
    private void LoseRace_NeedsGate(long now)
    {
        _race = null;
        _memory.Lose(now);
        _nextProbe = _core.Clock.After(now, _memory.Pause(now, _core.Chance_NeedsGate()));
        _core.NoteTransport_NeedsGate(EndPoint, "UDP seems to be blocked; calls go over TCP");
    }
}
