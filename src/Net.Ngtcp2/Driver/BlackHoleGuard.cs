using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

/// <summary>Notices a path that swallows large packets without a word, and says how large packets may be meanwhile (RFC 8899, section 4.3).</summary>
/// <remarks>
/// libngtcp2 finds the size that a path carries once and never looks back. When nothing is acknowledged any more for the time of three probes, packets become as small as every path must carry.
/// An outage looks the same, so large packets are tried again after a second, and ever more rarely when small ones got through meanwhile and large ones do not.
/// </remarks>
internal struct BlackHoleGuard
{
    // Each probe waits twice as long as the one before: the third goes out after one, two and four probe timeouts. One less allows for a timeout that has changed meanwhile.
    private const int Patience = 6;
    private const ulong FirstRetreat = NGTCP2_SECONDS;
    private const ulong LongestRetreat = 600 * NGTCP2_SECONDS;
    private const ulong Probation = 10 * NGTCP2_SECONDS;
    private ulong _lastProgress;
    private ulong _until;
    private ulong _retreat;

    /// <summary>Notes that the peer acknowledged something, or that nothing is in flight.</summary>
    internal void NoteProgress(ulong now)
    {
        _lastProgress = now;
        if (_retreat > 0 && now >= _until + Probation)
        {
            _retreat = 0;
        }
    }

    /// <summary>The largest payload to send now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="payload">What the path is thought to carry, bytes.</param>
    /// <param name="probeTimeout">The probe timeout without its doublings (RFC 9002, section 6.2.1), nanoseconds.</param>
    internal int Limit(ulong now, int payload, ulong probeTimeout)
    {
        if (payload <= NGTCP2_MAX_UDP_PAYLOAD_SIZE)
        {
            return payload;
        }

        if (now >= _until && now - _lastProgress >= Patience * probeTimeout)
        {
            bool onlySmallPass = _retreat > 0 && _lastProgress + _retreat > _until;
            _retreat = _retreat == 0 ? FirstRetreat : onlySmallPass ? Math.Min(10 * _retreat, LongestRetreat) : _retreat;
            _until = now + _retreat;
        }

        return now < _until ? NGTCP2_MAX_UDP_PAYLOAD_SIZE : payload;
    }

    /// <summary>Begins anew, for another path.</summary>
    internal void Reset(ulong now) => this = new BlackHoleGuard { _lastProgress = now };
}
