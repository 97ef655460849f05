using Net.Http3;

namespace Net.ClientTests.Channels;

/// <summary>A session whose answers a test makes up. The observer is told when the test says so, or with the answer.</summary>
internal sealed class FakeHttpSession(FakeHttpProtocol protocol, ChannelEndPoint endPoint) : HttpSession
{
    private readonly TaskCompletionSource<ConnectionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _active;

    public override string Protocol => protocol.Name;

    public override Version HttpVersion => System.Net.HttpVersion.Version30;

    public override TransportConnection? Connection => null;

    public override int ActiveStreams => Volatile.Read(ref _active);

    public override int AvailableStreams => 100;

    public override bool IsDraining => _closed.Task.IsCompleted;

    public override event EventHandler? Draining
    {
        add { }
        remove { }
    }

    public override event EventHandler? CapacityChanged
    {
        add { }
        remove { }
    }

    public override Task<ConnectionClose> Closed => _closed.Task;

    public override void Drain() => _closed.TrySetResult(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, null, null, ""));

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override PathStatistics GetPathStatistics() => default;

    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _active);
        if (request.Content is not null)
        {
            request.Options.Set(Http3Exchange.ContentBegun, true);
            await request.Content.CopyToAsync(Stream.Null, cancellationToken);
        }

        return await protocol.Answer(new FakeHttpRequest(request, endPoint, new Counted(this, observer)), cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        Drain();
        return ValueTask.CompletedTask;
    }

    private sealed class Counted(FakeHttpSession session, HttpCallObserver? observer) : HttpCallObserver
    {
        public override void OnEnded(Exception? failure)
        {
            Interlocked.Decrement(ref session._active);
            observer?.OnEnded(failure);
        }
    }
}
