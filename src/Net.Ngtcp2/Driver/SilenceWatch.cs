namespace Net.Ngtcp2.Driver;

/// <summary>When a client that waits for its server should speak up, though it has nothing to say.</summary>
/// <remarks>
/// A server sends to the address that it saw last. When a NAT gives the client another one, or the server could not validate the client's new path and went back to an old one
/// (RFC 9000, section 9.3.2), all that the server sends is lost; a client that only receives sends nothing from which the server could learn better, and both wait for the idle timeout.
/// A PING from where the client is now ends that. It goes out after one second in which no data of a stream moved either way while a stream is open, then after two more, four, and so on up to half the
/// idle timeout: a stream that is quiet for its own reasons costs a few packets, and a connection that nobody uses ends at most that much later.
/// </remarks>
internal struct SilenceWatch
{
    private const ulong FirstInterval = Interop.Ngtcp2Native.NGTCP2_SECONDS;
    private const ulong ShareOfIdleTimeout = 2;
    private readonly ulong _longest;
    private ulong _interval;
    private ulong _since;

    /// <summary>A watch that is off until <see cref="NoteProgress"/> or <see cref="Begin"/>.</summary>
    /// <param name="idleTimeout">The connection's idle timeout in nanoseconds; 0 or <see cref="ulong.MaxValue"/>: none.</param>
    internal SilenceWatch(ulong idleTimeout)
    {
        _longest = (idleTimeout == 0 ? ulong.MaxValue : idleTimeout) / ShareOfIdleTimeout;
        _longest = Math.Min(_longest, 60 * FirstInterval);
    }

    /// <summary>When to look again, in nanoseconds; <see cref="ulong.MaxValue"/> while the watch is off.</summary>
    internal readonly ulong Due => _interval == 0 ? ulong.MaxValue : _since + _interval;

    /// <summary>Data of a stream came, or was acknowledged: silence begins anew.</summary>
    internal void NoteProgress(ulong now)
    {
        _since = now;
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
    /// <param name="isWaiting">Whether a stream is open. Without one the watch goes off.</param>
    internal bool TryPing(ulong now, bool isWaiting)
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

        _since = now;
        _interval = _interval * 2 <= _longest ? _interval * 2 : 0;
        return true;
    }
}
