namespace Net.Testing;

/// <summary>A session without a connection, whose peer is the test. Everything happens inside the call that causes it, so that simulations on one thread repeat themselves.</summary>
public sealed class FakeChannelSession : ChannelSession
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<ConnectionClose> _closed = new();
    private EventHandler? _draining;
    private EventHandler? _capacityChanged;
    private int _active;
    private int _maxStreams;
    private bool _isDraining;
    private bool _isClosed;

    /// <summary>Makes a session.</summary>
    /// <param name="protocol">What it speaks.</param>
    /// <param name="context">What it was opened with.</param>
    /// <param name="maxStreams">How many streams its peer allows at once.</param>
    public FakeChannelSession(string protocol, ChannelConnectContext? context = null, int maxStreams = 100)
    {
        Protocol = protocol;
        Context = context;
        _maxStreams = maxStreams;
    }

    /// <inheritdoc/>
    public override string Protocol { get; }

    /// <summary>What it was opened with.</summary>
    public ChannelConnectContext? Context { get; }

    /// <inheritdoc/>
    public override TransportConnection? Connection => null;

    /// <inheritdoc/>
    public override int ActiveStreams => Volatile.Read(ref _active);

    /// <inheritdoc/>
    public override int AvailableStreams
    {
        get
        {
            lock (_lock)
            {
                return _isDraining ? 0 : Math.Max(0, _maxStreams - _active);
            }
        }
    }

    /// <inheritdoc/>
    public override bool IsDraining => Volatile.Read(ref _isDraining);

    /// <summary>Whether it is over.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Whether <see cref="DisposeAsync"/> was called.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>What <see cref="AbortAsync"/> was given; <c>null</c>: it was not called.</summary>
    public string? AbortReason { get; private set; }

    /// <summary>The most streams that were open at once.</summary>
    public int MostStreams { get; private set; }

    /// <summary>What the path looks like.</summary>
    public PathStatistics Path { get; set; }

    /// <summary>How often it was asked for its path.</summary>
    public int PathReads { get; private set; }

    /// <summary>What <see cref="PingAsync"/> answers; <c>null</c>: at once.</summary>
    public Func<CancellationToken, ValueTask<TimeSpan>>? OnPing { get; set; }

    /// <inheritdoc/>
    public override Task<ConnectionClose> Closed => _closed.Task;

    /// <inheritdoc/>
    public override event EventHandler? Draining
    {
        add => _draining += value;
        remove => _draining -= value;
    }

    /// <inheritdoc/>
    public override event EventHandler? CapacityChanged
    {
        add => _capacityChanged += value;
        remove => _capacityChanged -= value;
    }

    /// <summary>Begins a stream.</summary>
    /// <returns><c>false</c> when there is no credit, or the session drains.</returns>
    public bool TryBegin()
    {
        lock (_lock)
        {
            if (_isDraining || _active >= _maxStreams)
            {
                return false;
            }

            _active++;
            MostStreams = Math.Max(MostStreams, _active);
            return true;
        }
    }

    /// <summary>Ends a stream.</summary>
    public void End()
    {
        bool isOver;
        lock (_lock)
        {
            _active--;
            isOver = _isDraining && _active == 0;
        }

        if (isOver)
        {
            Fail(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, 0, null, ""));
        }
    }

    /// <summary>The peer allows another number of streams from now on.</summary>
    /// <param name="maxStreams">How many at once.</param>
    public void SetCredit(int maxStreams)
    {
        lock (_lock)
        {
            _maxStreams = maxStreams;
        }

        _capacityChanged?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>The peer takes no new streams.</summary>
    public void GoAway() => BeginDraining();

    /// <summary>The connection ends.</summary>
    /// <param name="close">How; <c>null</c>: it is lost.</param>
    public void Fail(ConnectionClose? close = null)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = _isDraining = true;
        }

        _closed.TrySetResult(close ?? new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "the test ended it"));
    }

    /// <inheritdoc/>
    public override void Drain()
    {
        BeginDraining();
        if (ActiveStreams == 0)
        {
            Fail(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, 0, null, ""));
        }
    }

    /// <inheritdoc/>
    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => OnPing is null ? ValueTask.FromResult(TimeSpan.FromMilliseconds(1)) : OnPing(cancellationToken);

    /// <inheritdoc/>
    public override PathStatistics GetPathStatistics()
    {
        PathReads++;
        return Path;
    }

    /// <inheritdoc/>
    public override ValueTask AbortAsync(string reason)
    {
        AbortReason = reason;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        IsDisposed = true;
        BeginDraining();
        Fail(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, 0, null, ""));
        return ValueTask.CompletedTask;
    }

    private void BeginDraining()
    {
        lock (_lock)
        {
            if (_isDraining)
            {
                return;
            }

            _isDraining = true;
        }

        _draining?.Invoke(this, EventArgs.Empty);
    }
}
