using Net.Client;

namespace Net.Perf.Channels;

/// <summary>A protocol whose sessions are ready at once, have room for everything and cost nothing, so that what is left is the pool.</summary>
internal sealed class IdleProtocol : ChannelProtocol
{
    public override string Name => "idle";

    public override ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken) => new(new IdleSession());

    private sealed class IdleSession : ChannelSession
    {
        private readonly TaskCompletionSource<ConnectionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

        public override string Protocol => "idle";

        public override TransportConnection? Connection => null;

        public override int ActiveStreams => 0;

        public override int AvailableStreams => 1 << 20;

        public override bool IsDraining => false;

        public override Task<ConnectionClose> Closed => _closed.Task;

        public override void Drain() => Close();

        public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => new(TimeSpan.FromMilliseconds(1));

        public override PathStatistics GetPathStatistics() => new() { SmoothedRtt = TimeSpan.FromMilliseconds(1) };

        public override ValueTask DisposeAsync()
        {
            Close();
            return ValueTask.CompletedTask;
        }

        private void Close() => _closed.TrySetResult(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionLost, null, null, "it was closed"));
    }
}
