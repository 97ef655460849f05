namespace Net.Http3;

// The certificates that this session rests on: each host beyond the first has a connection of its own, which may have been shown another one.
internal sealed partial class Http2Session
{
    private PeerWatch? _watch;

    public override IDisposable? WatchPeer(ConnectionGuard guard, Action<PeerCertificateVerdict> close)
    {
        ArgumentNullException.ThrowIfNull(guard);
        ArgumentNullException.ThrowIfNull(close);
        var watch = new PeerWatch(guard, close);
        TlsOverTcp[] others;
        lock (_lock)
        {
            _watch = watch;
            others = [.. _others];
        }

        watch.Add(_tls);
        foreach (TlsOverTcp other in others)
        {
            watch.Add(other);
        }

        return watch;
    }

    private void WatchAlso(TlsOverTcp other)
    {
        PeerWatch? watch;
        lock (_lock)
        {
            watch = _watch;
        }

        watch?.Add(other);
    }

    /// <summary>What a guard watches of one session.</summary>
    private sealed class PeerWatch(ConnectionGuard guard, Action<PeerCertificateVerdict> close) : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly List<IDisposable> _watches = [];
        private bool _isDisposed;

        /// <summary>Has one more connection watched. One added twice is judged twice, which does no harm.</summary>
        internal void Add(TlsOverTcp tls)
        {
            if (tls.PeerCertificateChain.Count == 0)
            {
                return;
            }

            // Not under the lock: a server that is no longer trusted is cut before this returns.
            IDisposable watch = guard.Watch(new GuardedPeer { Chain = tls.PeerCertificateChain, IsServerCertificate = true, ServerName = tls.ServerName, Close = close });
            bool isKept;
            lock (_lock)
            {
                isKept = !_isDisposed;
                if (isKept)
                {
                    _watches.Add(watch);
                }
            }

            if (!isKept)
            {
                watch.Dispose();
            }
        }

        public void Dispose()
        {
            IDisposable[] watches;
            lock (_lock)
            {
                _isDisposed = true;
                watches = [.. _watches];
            }

            foreach (IDisposable watch in watches)
            {
                watch.Dispose();
            }
        }
    }
}
