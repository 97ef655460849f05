namespace Net.Client.Internal;

/// <summary>
/// Finds out whether a silent connection is dead, by what its session says of it each time it is asked. QUIC doubles the pause between its probes, so that after a long interruption a connection may be well
/// and say nothing for as long again. Only that the end point answers another connection, and a probe that was sent since gets no answer, shows that the peer has forgotten this one.
/// </summary>
internal sealed class SilenceWatch
{
    // What any path takes to carry a probe there and its answer back, with the peer's delay of acknowledgements, and more where it is known to take longer.
    private static readonly TimeSpan ShortestAnswer = TimeSpan.FromMilliseconds(500);
    private const int RoundTrips = 4;

    private int? _timeoutsBefore;
    private bool _isProbeOut;

    /// <summary>When to ask next.</summary>
    internal long Next { get; set; }

    /// <summary>How long to wait between two questions, so that an answer to what was sent before the first is there by the second.</summary>
    internal static TimeSpan Interval(TimeSpan? smoothedRtt) => smoothedRtt * RoundTrips is TimeSpan longer && longer > ShortestAnswer ? longer : ShortestAnswer;

    /// <summary>Takes in what the session says.</summary>
    /// <param name="probeTimeouts">Its probe timeouts in a row.</param>
    /// <param name="max">As many make it silent.</param>
    /// <param name="isAnsweredElsewhere">Whether the end point answers on a connection that was opened since this one fell silent.</param>
    internal SilenceVerdict Judge(int? probeTimeouts, int max, bool isAnsweredElsewhere)
    {
        if (!(probeTimeouts >= max))
        {
            return SilenceVerdict.Answered;
        }

        if (!isAnsweredElsewhere)
        {
            _timeoutsBefore = null;
            _isProbeOut = false;
            return SilenceVerdict.Open;
        }

        if (_timeoutsBefore is not int before)
        {
            _timeoutsBefore = probeTimeouts;
            return SilenceVerdict.AskPeer;
        }

        if (_isProbeOut)
        {
            return SilenceVerdict.Dead;
        }

        _isProbeOut = probeTimeouts > before;
        return SilenceVerdict.Open;
    }
}
