using System.Net;

namespace Net.Http3;

/// <summary>A session of HTTP/2: a TLS connection that this side opened, given to the platform's client, which may open no other in its place.</summary>
/// <remarks>
/// The platform tells neither of a GOAWAY nor of the server's stream limit. After a GOAWAY it asks for another connection, which it is refused: the request that asked was not sent, may be sent
/// elsewhere, and the session drains.
/// </remarks>
internal sealed partial class Http2Session : HttpSession
{
    private readonly TlsOverTcp _tls;
    private readonly ChannelConnectContext _context;
    private readonly Http2SessionOptions _options;
    private readonly HttpMessageInvoker _invoker;
    private readonly Lock _lock = new();
    private readonly HashSet<(string, int, string?)> _authorities = [];
    private readonly List<TlsOverTcp> _others = [];
    private readonly TaskCompletionSource<ConnectionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventHandler? _draining;
    private int _active;
    private bool _isDraining;
    private bool _isReleased;

    internal Http2Session(TlsOverTcp tls, ChannelConnectContext context, Http2SessionOptions options)
    {
        _tls = tls;
        _context = context;
        _options = options;
        _invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectCallback = TakeConnectionAsync,
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                AutomaticDecompression = DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                EnableMultipleHttp2Connections = false,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
                ConnectTimeout = context.ConnectTimeout,
                KeepAlivePingDelay = context.KeepAliveInterval == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan : Max(context.KeepAliveInterval, TimeSpan.FromSeconds(1)),
                KeepAlivePingTimeout = options.KeepAliveTimeout,
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
                InitialHttp2StreamWindowSize = Math.Clamp(context.Limits.StreamReceiveWindow, 65_535, 16 << 20),
                MaxResponseHeadersLength = (options.MaxResponseHeadersSize + 1023) / 1024,
            },
            disposeHandler: true);
        _ = WatchEndAsync();
    }

    public override string Protocol => "h2";

    public override Version HttpVersion => System.Net.HttpVersion.Version20;

    public override TransportConnection? Connection => null;

    public override int ActiveStreams => Volatile.Read(ref _active);

    public override int AvailableStreams => IsDraining ? 0 : Math.Max(0, _options.MaxStreams - ActiveStreams);

    public override bool IsDraining => Volatile.Read(ref _isDraining);

    public override Task<ConnectionClose> Closed => _closed.Task;

    public override event EventHandler? Draining
    {
        add
        {
            lock (_lock)
            {
                _draining += value;
            }
        }

        remove
        {
            lock (_lock)
            {
                _draining -= value;
            }
        }
    }

    // What is available grows by the end of calls alone, as the limit is this side's own.
    public override event EventHandler? CapacityChanged
    {
        add { }
        remove { }
    }

    public override void Drain() => BeginDraining(endNow: false);

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The platform's HTTP/2 sends no PING on demand; its keep-alive does so by itself.");

    public override PathStatistics GetPathStatistics() => default;

    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Version = System.Net.HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        BeginCall();
        var call = new Call(this, observer);
        try
        {
            HttpResponseMessage response = await _invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
            response.Content = ObservedContent.Wrap(request, response, call);
            return response;
        }
        catch (Exception exception)
        {
            call.OnEnded(exception);
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        BeginDraining(endNow: true);
        await _closed.Task.ConfigureAwait(false);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TransportException Refusal() => new(TransportError.ConnectionClosed, "The HTTP/2 connection takes no more requests (GOAWAY, drained, or lost); send it on another one.")
    {
        IsSafeToRetry = true,
    };

    private void BeginCall()
    {
        lock (_lock)
        {
            if (_isDraining)
            {
                throw Http3Exceptions.ToRequestFailure(Refusal());
            }

            _active++;
        }
    }

    private void EndCall()
    {
        bool isLast;
        lock (_lock)
        {
            isLast = --_active == 0 && _isDraining;
        }

        if (isLast)
        {
            Release();
        }
    }

    private void BeginDraining(bool endNow)
    {
        EventHandler? handlers = null;
        lock (_lock)
        {
            if (!_isDraining)
            {
                handlers = _draining;
                _isDraining = true;
            }

            endNow |= _active == 0;
        }

        handlers?.Invoke(this, EventArgs.Empty);
        if (endNow)
        {
            Release();
        }
    }

    // The platform asks once for each host that requests name; when it asks again for one, it has lost the connection or was told to leave it.
    private async ValueTask<Stream> TakeConnectionAsync(SocketsHttpConnectionContext asked, CancellationToken cancellationToken)
    {
        (string, int, string?) authority = (asked.DnsEndPoint.Host, asked.DnsEndPoint.Port, asked.InitialRequestMessage.Headers.Host);
        bool isFirst;
        bool isNew;
        lock (_lock)
        {
            isFirst = _authorities.Count == 0;
            isNew = !_isReleased && !_authorities.Contains(authority) && _authorities.Count < _options.MaxAuthorities;
            if (isNew)
            {
                _authorities.Add(authority);
            }
            else if (_authorities.Count >= _options.MaxAuthorities && !_authorities.Contains(authority))
            {
                throw new TransportException(
                    TransportError.PoolExhausted, $"Requests on one HTTP/2 session name more than {_options.MaxAuthorities} hosts ({nameof(Http2SessionOptions)}.{nameof(Http2SessionOptions.MaxAuthorities)}).")
                {
                    IsSafeToRetry = false,
                };
            }
        }

        if (!isNew)
        {
            BeginDraining(endNow: false);
            throw Refusal();
        }

        if (isFirst)
        {
            return _tls.Stream;
        }

        TlsOverTcp other = await Http2Protocol.DialAsync(_context, cancellationToken).ConfigureAwait(false);
        bool isKept;
        lock (_lock)
        {
            isKept = !_isReleased;
            if (isKept)
            {
                _others.Add(other);
            }
        }

        if (!isKept)
        {
            await other.DisposeAsync().ConfigureAwait(false);
            throw Refusal();
        }

        WatchAlso(other);

        return other.Stream;
    }

    private async Task WatchEndAsync()
    {
        Exception? reason = await _tls.Ended.ConfigureAwait(false);
        bool isOwn;
        lock (_lock)
        {
            isOwn = _isReleased;
        }

        BeginDraining(endNow: true);
        _closed.TrySetResult(isOwn
            ? new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, null, null, "")
            : new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, reason?.Message ?? "The server ended the TCP connection."));
    }

    private void Release()
    {
        TlsOverTcp[] others;
        lock (_lock)
        {
            if (_isReleased)
            {
                return;
            }

            _isReleased = true;
            others = [.. _others];
        }

        // Aborting first: requests that still run must not find a stream that is disposed under them.
        _tls.Abort();
        foreach (TlsOverTcp other in others)
        {
            other.Abort();
        }

        _ = ReleaseAsync(others);
    }

    private async Task ReleaseAsync(TlsOverTcp[] others)
    {
        // Not on the thread of a caller that merely ended its response.
        await Task.Yield();
        try
        {
            _invoker.Dispose();
            await _tls.DisposeAsync().ConfigureAwait(false);
            foreach (TlsOverTcp other in others)
            {
                await other.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The sockets are gone already, which is what was wanted.
        }
    }

    private sealed class Call(Http2Session session, HttpCallObserver? observer) : HttpCallObserver
    {
        private int _isOver;

        public override void OnEnded(Exception? failure)
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                session.EndCall();
                observer?.OnEnded(failure);
            }
        }
    }
}
