using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Net.Security;

/// <summary>Counts failed logins by source and by API key, and says when no more are to be looked at. Its memory is bounded, whatever comes.</summary>
internal sealed class FailureThrottle(FailureThrottleOptions options, TimeProvider timeProvider)
{
    private readonly TwoGenerationCache<UInt128, RateBucket> _sources = new(options.MaxRemembered);
    private readonly TwoGenerationCache<string, RateBucket> _keys = new(options.MaxRemembered);
    private readonly long _interval = options.Recovery.Ticks;

    /// <summary>Sources and keys that are remembered.</summary>
    internal int Remembered => _sources.Count + _keys.Count;

    /// <summary>Whether a login may be looked at.</summary>
    internal bool MayTry(IPAddress? source, string? keyId, out TimeSpan retryAfter)
    {
        long now = Now;
        long wait = 0;
        if (_sources.TryGet(KeyOf(source), out RateBucket? bucket) && !bucket.HasToken(now, _interval, options.MaxFailuresPerSource, out long sourceWait))
        {
            wait = sourceWait;
        }

        if (keyId is not null && _keys.TryGet(keyId, out bucket) && !bucket.HasToken(now, _interval, options.MaxFailuresPerKey, out long keyWait))
        {
            wait = Math.Max(wait, keyWait);
        }

        retryAfter = TimeSpan.FromTicks(wait);
        return wait == 0;
    }

    /// <summary>Notes a failure.</summary>
    /// <returns>Whether it was the last that is looked at for now.</returns>
    internal bool Fail(IPAddress? source, string? keyId)
    {
        long now = Now;
        RateBucket bucket = _sources.GetOrAdd(KeyOf(source), static _ => new RateBucket());
        bucket.TryTake(now, _interval, options.MaxFailuresPerSource, out _);
        if (keyId is not null)
        {
            _keys.GetOrAdd(keyId, static _ => new RateBucket()).TryTake(now, _interval, options.MaxFailuresPerKey, out _);
        }

        return !bucket.HasToken(now, _interval, options.MaxFailuresPerSource, out _);
    }

    private long Now => timeProvider.GetElapsedTime(0, timeProvider.GetTimestamp()).Ticks;

    // Who has one address of IPv6 has at least 2^64 of them (RFC 6177), so that the network is what counts.
    private static UInt128 KeyOf(IPAddress? source)
    {
        if (source is null)
        {
            return 0;
        }

        if (source.IsIPv4MappedToIPv6)
        {
            source = source.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        source.TryWriteBytes(bytes, out int written);
        return source.AddressFamily == AddressFamily.InterNetwork && written == 4
            ? ((UInt128)4 << 64) | BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : ((UInt128)6 << 64) | BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
