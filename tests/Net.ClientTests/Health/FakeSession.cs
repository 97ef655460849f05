using Net.Client;

namespace Net.ClientTests.Health;

/// <summary>A session that only answers pings and tells the path statistics that a test gives it.</summary>
internal sealed class FakeSession : ChannelSession
{
    private readonly TaskCompletionSource<ConnectionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDraining;

    public override event EventHandler? Draining;

    public override event EventHandler? CapacityChanged
    {
        add { }
        remove { }
    }

    internal PathStatistics Statistics { get; set; }

    internal Func<CancellationToken, ValueTask<TimeSpan>> OnPing { get; set; } = static _ => ValueTask.FromResult(TimeSpan.FromMilliseconds(1));

    internal int DrainingHandlers => Draining?.GetInvocationList().Length ?? 0;

    public override string Protocol => "net/1";

    public override TransportConnection? Connection => null;

    public override int ActiveStreams => 0;

    public override int AvailableStreams => 100;

    public override bool IsDraining => _isDraining;

    public override Task<ConnectionClose> Closed => _closed.Task;

    public override void Drain()
    {
        _isDraining = true;
        Draining?.Invoke(this, EventArgs.Empty);
    }

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => OnPing(cancellationToken);

    public override PathStatistics GetPathStatistics() => Statistics;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
