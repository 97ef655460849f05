using System.Net;

namespace Net.Http3;

/// <summary>A session of HTTP/3: an <see cref="Http3Connection"/> as a channel keeps it.</summary>
internal sealed class Http3Session : HttpSession
{
    private readonly Http3Connection _connection;
    private StreamRoom _room;

    internal Http3Session(Http3Connection connection)
    {
        _connection = connection;
        connection.Connection.StreamCreditChanged += OnStreamCreditChanged;
    }

    public override string Protocol => Http3Connection.ApplicationProtocol;

    public override Version HttpVersion => System.Net.HttpVersion.Version30;

    public override TransportConnection Connection => _connection.Connection;

    public override int ActiveStreams => _connection.ActiveRequests;

    public override int AvailableStreams => _connection.IsDraining ? 0 : _room.Of(_connection.AvailableRequests, _connection.ActiveRequests);

    public override bool IsDraining => _connection.IsDraining;

    public override Task<ConnectionClose> Closed => _connection.Closed;

    public override event EventHandler? Draining
    {
        add => _connection.Draining += value;
        remove => _connection.Draining -= value;
    }

    public override event EventHandler? CapacityChanged;

    public override void Drain() => _connection.Drain();

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => _connection.PingAsync(cancellationToken);

    public override PathStatistics GetPathStatistics() => _connection.GetPathStatistics();

    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Version = System.Net.HttpVersion.Version30;
        return Connection.EarlyData == EarlyDataStatus.None
            ? _connection.SendObservedAsync(request, observer, cancellationToken).AsTask()
            : SendEarlyAsync(request, observer, cancellationToken);
    }

    public override ValueTask AbortAsync(string reason) => new(_connection.AbortAsync(reason));

    public override async ValueTask DisposeAsync()
    {
        _connection.Connection.StreamCreditChanged -= OnStreamCreditChanged;
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendEarlyAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken)
    {
        // The first answer may not be the last: whether it is, shows before the observer may hear of its end.
        var first = observer is null ? null : new Held(observer);
        HttpResponseMessage response = await _connection.SendObservedAsync(request, first, cancellationToken).ConfigureAwait(false);
        if (!TooEarly.MustBeSentAgain(response, request))
        {
            first?.Release();
            return response;
        }

        response.Dispose();
        await Connection.HandshakeCompletion.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await _connection.SendObservedAsync(request, observer, cancellationToken).ConfigureAwait(false);
    }

    private void OnStreamCreditChanged(object? sender, StreamCreditEventArgs e)
    {
        if (e.Direction == StreamDirection.Bidirectional)
        {
            _room.Learn();
            CapacityChanged?.Invoke(this, EventArgs.Empty);
        }
    }

    /// <summary>Keeps the news of an end back until it is known to matter.</summary>
    private sealed class Held(HttpCallObserver observer) : HttpCallObserver
    {
        private int _parts;
        private Exception? _failure;

        public override void OnEnded(Exception? failure)
        {
            _failure = failure;
            Pass(1);
        }

        internal void Release() => Pass(2);

        private void Pass(int part)
        {
            if ((Interlocked.Or(ref _parts, part) | part) == 3)
            {
                observer.OnEnded(_failure);
            }
        }
    }
}
