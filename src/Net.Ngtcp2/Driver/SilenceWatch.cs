namespace Net.Ngtcp2.Driver;

/// <summary>When a client that waits for its server should speak up, though it has nothing to say.</summary>
/// <remarks>
/// A server sends to the address that it saw last. When a NAT gives the client another one, or the server could not validate the client's new path and went back to an old one
/// (RFC 9000, section 9.3.2), all that the server sends is lost; a client that only receives sends nothing from which the server could learn better, and both wait for the idle timeout.
/// And where a path is interrupted, the probes of loss detection come at doubled intervals (RFC 9002, section 6.2.1): a path that comes back for a moment may be gone again before the next of them.
/// A PING from where the client is now ends that. It goes out after one second in which no data of a stream moved either way while the client waits for something.
/// As long as the server answers, the next ones follow after two more, four, and so on up to half the idle timeout: a stream that is quiet for its own reasons costs a few packets, and a connection that
/// nobody uses ends at most that much later. While nothing is heard at all they follow every two seconds for a minute, one small packet each time, and then double, too.
/// Where what is in flight fills the congestion window, as in a large transfer, the library sends no PING, and its probes alone would find the path again; there <see cref="WantsNewPath"/> helps.
/// </remarks>
internal struct SilenceWatch
{
    /// <summary>How many PINGs without any answer keep their interval.</summary>
    internal const int SteadyPings = 30;
    private const ulong FirstInterval = Interop.Ngtcp2Native.NGTCP2_SECONDS;
    private const ulong SteadyInterval = 2 * FirstInterval;
    private const ulong ShareOfIdleTimeout = 2;
    private const int PingsPerPath = 3;
    private readonly ulong _longest;
    private ulong _interval;
    private ulong _since;
    private int _unanswered;

    /// <summary>A watch that is off until <see cref="NoteProgress"/> or <see cref="Begin"/>.</summary>
    /// <param name="idleTimeout">The connection's idle timeout in nanoseconds; 0 or <see cref="ulong.MaxValue"/>: none.</param>
    internal SilenceWatch(ulong idleTimeout)
    {
        _longest = (idleTimeout == 0 ? ulong.MaxValue : idleTimeout) / ShareOfIdleTimeout;
        _longest = Math.Min(_longest, 60 * FirstInterval);
    }

    /// <summary>When to look again, in nanoseconds; <see cref="ulong.MaxValue"/> while the watch is off.</summary>
    internal readonly ulong Due => _interval == 0 ? ulong.MaxValue : _since + _interval;

    /// <summary>
    /// Whether enough PINGs had no answer to give the path up: after five seconds of silence, and each six seconds more. The intervals of the probes begin anew with a path, so that
    /// there is hardly ever more than two seconds between two packets.
    /// </summary>
    internal readonly bool WantsNewPath => _unanswered > 0 && _unanswered % PingsPerPath == 0;

    /// <summary>Data of a stream came, or was acknowledged: silence begins anew.</summary>
    internal void NoteProgress(ulong now)
    {
        _since = now;
        _unanswered = 0;
        _interval = FirstInterval <= _longest ? FirstInterval : 0;
    }

    /// <summary>A stream was opened: from now on the application may be waiting.</summary>
    internal void Begin(ulong now)
    {
        if (_interval == 0)
        {
            NoteProgress(now);
        }
    }

    /// <summary>Whether a PING should be sent now; counts it as sent.</summary>
    /// <param name="now">The time in nanoseconds.</param>
    /// <param name="isWaiting">Whether a stream is open or something is not acknowledged. Without either the watch goes off.</param>
    /// <param name="lastReceived">When anything last came from the server, in nanoseconds.</param>
    internal bool TryPing(ulong now, bool isWaiting, ulong lastReceived)
    {
        if (now < Due)
        {
            return false;
        }

        if (!isWaiting)
        {
            _interval = 0;
            return false;
        }

        _unanswered = lastReceived > _since ? 0 : _unanswered + 1;
        ulong next = _unanswered is > 0 and < SteadyPings ? SteadyInterval : _interval * 2;
        _since = now;
        _interval = next <= _longest ? next : 0;
        return true;
    }
}
