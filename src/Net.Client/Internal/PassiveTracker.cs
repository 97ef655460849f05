using System.Globalization;

namespace Net.Client.Internal;

/// <summary>What real calls say of one aspect: failures in a row, and the part of all calls in a window. The owner serializes calls.</summary>
internal sealed class PassiveTracker(string failures, PassiveHealthOptions options, EndPointLoad load, TimeProvider timeProvider)
{
    private int _inRow;
    private int _inWindow;
    private long _windowStart;
    private long _endedBefore;
    private long _released;
    private bool _hasReleased;
    private TimeSpan _hold = options.Hold;

    internal VerdictState State { get; private set; } = VerdictState.Unknown;

    internal string? Reason { get; private set; }

    /// <summary>Whether a call that went well would change something.</summary>
    internal bool WantsSuccess => _inRow > 0 || State == VerdictState.Unknown;

    internal void TakeSuccess()
    {
        _inRow = 0;
        if (State == VerdictState.Unknown)
        {
            State = VerdictState.Passing;
        }
    }

    /// <summary>Takes in a failure.</summary>
    /// <returns>How long the verdict now fails, when this failure made it fail; else <c>null</c>.</returns>
    internal TimeSpan? TakeFailure()
    {
        if (State == VerdictState.Failing)
        {
            return null;
        }

        _inRow++;
        if (_inWindow == 0 || timeProvider.GetElapsedTime(_windowStart) > options.Window)
        {
            _windowStart = timeProvider.GetTimestamp();
            _endedBefore = load.Ended;
            _inWindow = 0;
        }

        // The caller may count the call in the load before or after it tells of it here, so that the failures themselves are the least that ended.
        _inWindow++;
        long ended = Math.Max(_inWindow, load.Ended - _endedBefore);
        if (_inRow >= options.ConsecutiveFailures)
        {
            return Fail(string.Create(CultureInfo.InvariantCulture, $"{_inRow} calls in a row {failures}"));
        }

        return ended >= options.MinCalls && _inWindow >= options.FailureRatio * ended
            ? Fail(string.Create(CultureInfo.InvariantCulture, $"{_inWindow} of {ended} calls within {options.Window} {failures}"))
            : null;
    }

    /// <summary>The hold is over: whoever calls next finds out.</summary>
    internal void Release()
    {
        State = VerdictState.Unknown;
        Reason = null;
        _inRow = 0;
        _inWindow = 0;
        _released = timeProvider.GetTimestamp();
        _hasReleased = true;
    }

    private TimeSpan Fail(string reason)
    {
        bool isRelapse = _hasReleased && timeProvider.GetElapsedTime(_released) <= options.Window;
        _hold = isRelapse ? TimeSpan.FromTicks(Math.Min(_hold.Ticks * 2, options.MaxHold.Ticks)) : options.Hold;
        State = VerdictState.Failing;
        Reason = reason;
        return _hold;
    }
}
