namespace Net.Client.Internal;

/// <summary>
/// What one source says of an end point, after thresholds. The owner serializes calls.
/// <code>
///            first pass                       Fall fails in a row
///  Unknown ─────────────► Passing ─────────────────────────────────► Failing
///     │                      ▲   Rise passes in a row, twice as many     │ ▲
///     │                      └── with each relapse within FlapWindow ────┘ │
///     └──────────────────────────── first fail ────────────────────────────┘
/// </code>
/// </summary>
internal sealed class VerdictTracker(int fall, int rise, HealthOptions options, TimeProvider timeProvider)
{
    private long _recovered;
    private bool _hasRecovered;
    private int _needed;
    private int _against;

    internal VerdictState State { get; private set; } = VerdictState.Unknown;

    internal string? Reason { get; private set; }

    /// <summary>Whether the latest result contradicts the state, so that the next few decide.</summary>
    internal bool IsContested => _against > 0;

    /// <summary>Takes in a result.</summary>
    /// <param name="reason">Why it failed; <c>null</c>: it passed.</param>
    /// <param name="settles">Whether it needs no others beside it.</param>
    internal void Take(string? reason, bool settles = false)
    {
        bool passes = reason is null;
        if (State != VerdictState.Unknown && passes == (State == VerdictState.Passing))
        {
            _against = 0;
            Reason = reason;
            return;
        }

        _against++;
        if (settles || State == VerdictState.Unknown || _against >= (passes ? _needed : fall))
        {
            _against = 0;
            Reason = reason;
            MoveTo(passes ? VerdictState.Passing : VerdictState.Failing);
        }
    }

    private void MoveTo(VerdictState state)
    {
        if (state == VerdictState.Failing)
        {
            bool isRelapse = _hasRecovered && timeProvider.GetElapsedTime(_recovered) < options.FlapWindow;
            _needed = isRelapse ? Math.Min(Math.Max(_needed, rise) * 2, options.MaxRise) : rise;
        }
        else if (State == VerdictState.Failing)
        {
            _recovered = timeProvider.GetTimestamp();
            _hasRecovered = true;
        }

        State = state;
    }
}
