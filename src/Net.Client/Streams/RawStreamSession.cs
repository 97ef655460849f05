namespace Net.Client;

/// <summary>A session of raw streams: a connection that speaks <c>net/1</c>, over QUIC or over TLS on TCP. Thread-safe.</summary>
public sealed class RawStreamSession : ChannelSession
{
    private readonly RawStreamClient _client;
    private readonly Lock _lock = new();
    private EventHandler? _draining;
    private StreamRoom _room;
    private int _active;
    private bool _isDraining;
    private Task? _close;

    internal RawStreamSession(TransportConnection connection, string protocol, RawStreamLimits limits, TimeProvider timeProvider)
    {
        Transport = connection;
        Protocol = protocol;
        _client = new RawStreamClient(connection, limits, timeProvider);
        connection.StreamCreditChanged += OnStreamCreditChanged;
        connection.Draining += OnTransportDraining;
        if (connection.IsDraining)
        {
            BeginDraining(endNow: false);
        }
    }

    /// <inheritdoc/>
    public override string Protocol { get; }

    /// <summary>The connection, over QUIC or TCP, for its addresses, certificates and statistics. The session owns it: do not open streams on it.</summary>
    public TransportConnection Transport { get; }

    /// <inheritdoc/>
    public override TransportConnection? Connection => Transport.NetworkTransport == "quic" ? Transport : null;

    /// <inheritdoc/>
    public override IDisposable? WatchPeer(ConnectionGuard guard, Action<PeerCertificateVerdict> close)
    {
        ArgumentNullException.ThrowIfNull(guard);
        return guard.Watch(Transport, close);
    }

    /// <inheritdoc/>
    public override int ActiveStreams => Volatile.Read(ref _active);

    /// <inheritdoc/>
    public override int AvailableStreams => IsDraining ? 0 : _room.Of(Transport.AvailableBidirectionalStreams, ActiveStreams);

    /// <inheritdoc/>
    public override bool IsDraining => Volatile.Read(ref _isDraining);

    /// <inheritdoc/>
    public override Task<ConnectionClose> Closed => Transport.Closed;

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public override event EventHandler? CapacityChanged;

    /// <summary>Opens a stream, waiting for the server's credit when there is none. The arguments and what fails are those of <see cref="RawStreamClient.OpenAsync"/>.</summary>
    /// <param name="route">The name of the handler.</param>
    /// <param name="options">Deadline, metadata and the like; <c>null</c>: the defaults.</param>
    /// <param name="ended">Is told once when the stream was disposed, with how it failed or <c>null</c>; not when opening fails. It does not block. <c>null</c>: nobody is told.</param>
    /// <param name="cancellationToken">Belongs to the whole life of the stream.</param>
    /// <returns>The stream; the caller owns and disposes it. It counts until then.</returns>
    /// <exception cref="ArgumentException">The route or the options are out of range.</exception>
    /// <exception cref="TransportException">The session drains or is over, the deadline passed, or the header is too large.</exception>
    public async ValueTask<RawStream> OpenAsync(string route, RawStreamOptions? options, Action<Exception?>? ended, CancellationToken cancellationToken)
    {
        Begin();
        RawStream stream;
        try
        {
            stream = await _client.OpenAsync(route, options, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            End();
            throw;
        }

        stream.NotifyEnd(failure =>
        {
            _ = EndWhenSentAsync(stream.Transport.SendCompletion);
            ended?.Invoke(failure);
        });
        return stream;
    }

    /// <inheritdoc/>
    public override void Drain() => BeginDraining(endNow: false);

    /// <inheritdoc/>
    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => Transport.PingAsync(cancellationToken);

    /// <inheritdoc/>
    public override PathStatistics GetPathStatistics() => Transport.GetPathStatistics();

    /// <inheritdoc/>
    public override ValueTask AbortAsync(string reason)
    {
        BeginDraining(endNow: true, reason);
        return new ValueTask(_close!);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        BeginDraining(endNow: true);
        await _close!.ConfigureAwait(false);
        Transport.StreamCreditChanged -= OnStreamCreditChanged;
        Transport.Draining -= OnTransportDraining;
        await Transport.DisposeAsync().ConfigureAwait(false);
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (_isDraining)
            {
                throw new TransportException(TransportError.ConnectionClosed, "The connection takes no more streams; open the stream on another one.") { IsSafeToRetry = true };
            }

            _active++;
        }
    }

    // Until all has arrived, closing the connection would cut it.
    private async Task EndWhenSentAsync(Task sent)
    {
        await sent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        End();
    }

    private void End()
    {
        bool isLast;
        lock (_lock)
        {
            isLast = --_active == 0 && _isDraining;
        }

        if (isLast)
        {
            BeginClose();
        }
    }

    private void OnTransportDraining(object? sender, EventArgs e) => BeginDraining(endNow: false);

    private void OnStreamCreditChanged(object? sender, StreamCreditEventArgs e)
    {
        if (e.Direction == StreamDirection.Bidirectional)
        {
            _room.Learn();
            CapacityChanged?.Invoke(this, EventArgs.Empty);
        }
    }

    private void BeginDraining(bool endNow, string reason = "")
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
            BeginClose(reason);
        }
    }

    private void BeginClose(string reason = "")
    {
        TaskCompletionSource start;
        lock (_lock)
        {
            if (_close is not null)
            {
                return;
            }

            // Only the session's own closing waits for it, and it is set outside the lock: no hop to another thread is needed.
            start = new TaskCompletionSource();
            _close = CloseAsync(start.Task, reason);
        }

        start.SetResult();
    }

    private async Task CloseAsync(Task start, string reason)
    {
        await start.ConfigureAwait(false);
        try
        {
            await Transport.CloseAsync(RawStreamErrorCodes.NoError, reason).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            // It is over already, and Closed says how.
        }
    }
}
