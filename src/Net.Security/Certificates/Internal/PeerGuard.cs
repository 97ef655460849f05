using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Net.Security.Internal;

/// <summary>Judges the peers of open connections again when the trust of a source changes, and cuts them when their certificates end.</summary>
/// <remarks>
/// A peer is put on the list before it is judged, and a new trust is in use before the list is gone through: whichever comes first, one of both sees the peer with the new trust.
/// </remarks>
internal sealed class PeerGuard : ConnectionGuard, IDisposable
{
    /// <summary>How often the wall clock is compared with the ends of certificates: it may be set, so that no timer can be trusted for longer.</summary>
    internal static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Watched, bool> _peers = [];
    private readonly Func<CertificateTrust?> _trust;
    private readonly CertificateSourceOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private long _nextCutTicks = long.MaxValue;
    private int _isTimerArmed;

    internal PeerGuard(Func<CertificateTrust?> trust, CertificateSourceOptions options, ILogger logger)
    {
        _trust = trust;
        _options = options;
        _logger = logger;
        _timer = options.TimeProvider.CreateTimer(static state => ((PeerGuard)state!).CutExpired(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many peers are watched.</summary>
    internal int Count => _peers.Count;

    public override IDisposable Watch(GuardedPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        var watched = new Watched(this, peer, EndOf(peer));
        _peers.TryAdd(watched, true);
        LowerNextCut(watched.CutAt);
        ArmTimer();
        Judge(watched, _options.TimeProvider.GetUtcNow());
        return watched;
    }

    /// <summary>Judges all peers by the trust in use.</summary>
    internal void JudgeAll()
    {
        DateTimeOffset now = _options.TimeProvider.GetUtcNow();
        foreach (Watched watched in _peers.Keys)
        {
            Judge(watched, now);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void CutExpired()
    {
        Volatile.Write(ref _isTimerArmed, 0);
        if (_peers.IsEmpty)
        {
            // Nobody is woken for nothing; the next peer arms it again.
            return;
        }

        ArmTimer();
        DateTimeOffset now = _options.TimeProvider.GetUtcNow();
        if (now.UtcTicks < Interlocked.Read(ref _nextCutTicks))
        {
            return;
        }

        Interlocked.Exchange(ref _nextCutTicks, long.MaxValue);
        foreach (Watched watched in _peers.Keys)
        {
            if (now >= watched.CutAt)
            {
                Cut(watched, PeerCertificateVerdict.Refused(
                    CertificateRefusal.Expired,
                    $"Its certificate ended at {PeerText.Time(watched.NotAfter)}, and {nameof(CertificateSourceOptions)}.{nameof(CertificateSourceOptions.ExpiryGrace)} is {_options.ExpiryGrace}."));
            }
            else
            {
                LowerNextCut(watched.CutAt);
            }
        }
    }

    private void ArmTimer()
    {
        if (Interlocked.Exchange(ref _isTimerArmed, 1) == 0)
        {
            _timer.Change(CheckInterval, Timeout.InfiniteTimeSpan);
        }
    }

    private void Judge(Watched watched, DateTimeOffset now)
    {
        if (_trust() is not CertificateTrust trust)
        {
            return;
        }

        PeerCertificateVerdict verdict = Evaluate(watched, trust, now);
        if (verdict.Refusal == CertificateRefusal.Expired && now < watched.CutAt)
        {
            // In its time of grace; only what else speaks against it counts.
            DateTimeOffset last = watched.NotAfter.AddSeconds(-1);
            verdict = Evaluate(watched, trust, last < now ? last : now);
            verdict = verdict.Refusal == CertificateRefusal.Expired ? PeerCertificateVerdict.Accepted : verdict;
        }

        // That a list is overdue says nothing of this peer; new handshakes are refused until it is there.
        if (!verdict.IsAccepted && verdict.Refusal != CertificateRefusal.RevocationUnknown)
        {
            Cut(watched, verdict);
        }
    }

    private static PeerCertificateVerdict Evaluate(Watched watched, CertificateTrust trust, DateTimeOffset now) => trust.Evaluate(new PeerCertificateContext
    {
        Chain = watched.Peer.Chain,
        IsServerCertificate = watched.Peer.IsServerCertificate,
        ServerName = watched.Peer.ServerName,
        Now = now,
    });

    private void Cut(Watched watched, in PeerCertificateVerdict verdict)
    {
        if (!_peers.TryRemove(watched, out _))
        {
            return;
        }

        CertificateLog.PeerDistrusted(_logger, _options.Name, verdict.Refusal, verdict.Detail ?? "");
        CertificateDiagnostics.ConnectionClosed(_options.Name, verdict.Refusal);
        try
        {
            watched.Peer.Close(verdict);
        }
#pragma warning disable CA1031 // One connection that fails to close must not save the others from being judged.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            CertificateLog.HandlerFailed(_logger, _options.Name, nameof(GuardedPeer.Close), exception);
        }
    }

    private void LowerNextCut(DateTimeOffset cutAt)
    {
        long seen = Interlocked.Read(ref _nextCutTicks);
        while (cutAt.UtcTicks < seen)
        {
            long before = Interlocked.CompareExchange(ref _nextCutTicks, cutAt.UtcTicks, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private static DateTimeOffset EndOf(GuardedPeer peer)
    {
        try
        {
            using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(peer.Chain[0].Span);
            return leaf.NotAfter.ToUniversalTime();
        }
        catch (CryptographicException)
        {
            // What the handshake let in without judging it is judged now, and refused for not being readable.
            return DateTimeOffset.MaxValue;
        }
    }

    private sealed class Watched(PeerGuard guard, GuardedPeer peer, DateTimeOffset notAfter) : IDisposable
    {
        internal GuardedPeer Peer { get; } = peer;

        internal DateTimeOffset NotAfter { get; } = notAfter;

        internal DateTimeOffset CutAt { get; } = guard._options.ExpiryGrace is TimeSpan grace && grace != Timeout.InfiniteTimeSpan && notAfter < DateTimeOffset.MaxValue - grace
            ? notAfter + grace
            : DateTimeOffset.MaxValue;

        public void Dispose() => guard._peers.TryRemove(this, out _);
    }
}
