using Net.Http3;

namespace Net.Chaos.Simulation.Http;

/// <summary>A session of the library's. It only notes which call is on it, and that it is given back.</summary>
internal sealed class SimulatedHttpSession(SimulatedHttpProtocol protocol, HttpSession inner, ChannelEndPoint endPoint) : HttpSession
{
    /// <summary>Where a request carries its call.</summary>
    internal static readonly HttpRequestOptionsKey<SimulatedCall> CallKey = new("Net.Chaos.Simulation.Call");

    private readonly SimulatedSignal<bool> _disposal = new();
    private bool _isDisposed;

    public override string Protocol => inner.Protocol;

    public override Version HttpVersion => inner.HttpVersion;

    public override TransportConnection? Connection => inner.Connection;

    public override int ActiveStreams => inner.ActiveStreams;

    public override int AvailableStreams => inner.AvailableStreams;

    public override bool IsDraining => inner.IsDraining;

    public override Task<ConnectionClose> Closed => inner.Closed;

    public override event EventHandler? Draining
    {
        add => inner.Draining += value;
        remove => inner.Draining -= value;
    }

    public override event EventHandler? CapacityChanged
    {
        add => inner.CapacityChanged += value;
        remove => inner.CapacityChanged -= value;
    }

    public override void Drain() => inner.Drain();

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => inner.PingAsync(cancellationToken);

    public override PathStatistics GetPathStatistics() => inner.GetPathStatistics();

    public override IDisposable? WatchPeer(ConnectionGuard guard, Action<PeerCertificateVerdict> close) => inner.WatchPeer(guard, close);

    // A task of its own: of two who await the same, one would go on at the thread pool. Disposal is the other.
    public override ValueTask AbortAsync(string reason) => new(inner.AbortAsync(reason).AsTask().ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));

    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken)
    {
        if (!request.Options.TryGetValue(CallKey, out SimulatedCall? call))
        {
            throw new SimulationException("A request belongs to no call.");
        }

        call.Sending++;
        call.WasSent = true;
        try
        {
            HttpResponseMessage response = await inner.SendAsync(request, observer, cancellationToken).ConfigureAwait(false);
            call.AnsweredBy = endPoint;
            return response;
        }
        finally
        {
            call.Sending--;
        }
    }

    // The pool may ask twice, and the second must not wait for the task of the first, see above.
    public override ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _ = DisposeCoreAsync();
        }

        return new ValueTask(_disposal.Task);
    }

    private async Task DisposeCoreAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        protocol.Remove(this);
        _disposal.TrySetResult(true);
    }
}
