namespace Net.Client.Internal;

// Without a minimum an end point that was lost would be connected to again only when all others are lost, too: calls have somewhere to go, and none asks for it.
internal sealed partial class ConnectionGroup
{
    private long _missedUntil = long.MinValue;
    private long _callsBefore;

    /// <summary>The end point was lost, could not be connected to, or was given up while it was cut off: it is tried again when calls go on elsewhere.</summary>
    internal void Miss_NeedsGate(long now)
    {
        if (_options.MinConnections == 0)
        {
            _missedUntil = _core.Clock.After(now, _options.IdleTimeout);
            _callsBefore = _core.CountCalls_NeedsGate();
        }
    }

    private void EndMissing_NeedsGate() => _missedUntil = long.MinValue;

    // A channel that nobody uses connects to nobody. Calls tell the pool nothing, so that it looks for them, as often as it would try to connect at most, for as long as an idle connection would live.
    private bool IsMissed_NeedsGate(SettlePass pass)
    {
        if (pass.Now >= _missedUntil)
        {
            return false;
        }

        BreakerState? breaker = EndPoint.Breaker?.State;
        if (breaker == BreakerState.Open || EndPoint.Outlier?.IsEjected(pass.Now) == true)
        {
            // It would get no calls, and fall idle once more. The end of that time is looked at anyway.
            _missedUntil = _core.Clock.After(pass.Now, _options.IdleTimeout);
            return false;
        }

        if (breaker != BreakerState.Isolated && _core.CountCalls_NeedsGate() != _callsBefore)
        {
            return true;
        }

        pass.WakeAt(_core.Clock.After(pass.Now, _options.MaxConnectBackoff));
        return false;
    }
}
