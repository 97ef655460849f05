using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>A channel over fake protocols, under a clock and on a thread that the test moves.</summary>
internal sealed class PoolFixture : IDisposable
{
    private readonly List<ChannelEventArgs> _events = [];

    internal PoolFixture(
        PoolOptions? pool = null,
        Func<NetChannelOptions, NetChannelOptions>? change = null,
        int endPoints = 1,
        FakeChannelProtocol? protocol = null,
        bool warmUp = true,
        bool start = true)
    {
        Protocol = protocol ?? new FakeChannelProtocol();
        EndPoints = [.. Enumerable.Range(1, endPoints).Select(static i => ChannelEndPoint.Parse($"10.0.0.{i}:443"))];
        var options = new NetChannelOptions
        {
            EndPoints = EndPoints,
            WarmUp = warmUp ? [Protocol] : [],
            Tls = Tls,
            Pool = pool ?? PoolOptions.Default,
            Health = null,
            TimeProvider = Time,
            Random = new Random(1),
        };
        Channel = new NetChannel(change is null ? options : change(options), Work);
        Channel.Changed += (_, e) => _events.Add(e);
        if (start)
        {
            Run();
        }
    }

    internal ManualTimeProvider Time { get; } = new();

    internal ManualPoolWork Work { get; } = new();

    internal FakeTlsSource Tls { get; } = new();

    internal FakeChannelProtocol Protocol { get; }

    internal ChannelEndPoint[] EndPoints { get; }

    internal NetChannel Channel { get; }

    internal IReadOnlyList<ChannelEventArgs> Events => _events;

    internal ChannelSnapshot Snapshot => Channel.GetSnapshot();

    /// <summary>The connections to the first end point.</summary>
    internal IReadOnlyList<ConnectionSnapshot> Connections => Snapshot.EndPoints[0].Connections;

    internal FakeChannelSession Session(int index) => Protocol.Sessions[index];

    /// <summary>Runs the pool's work until there is none.</summary>
    internal void Run() => Work.RunAll();

    /// <summary>Moves the clock from timer to timer, and runs what each has caused.</summary>
    internal void Advance(TimeSpan time)
    {
        Run();
        TimeSpan target = Time.Elapsed + time;
        while (Time.NextTimer is TimeSpan next && Time.Elapsed + next <= target)
        {
            Time.Advance(next);
            Run();
        }

        Time.Advance(target - Time.Elapsed);
        Run();
    }

    internal void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>Rents what must be had at once.</summary>
    internal ChannelLease Rent(LeaseRequest request = default, ChannelProtocol? protocol = null)
    {
        Assert.IsTrue(Channel.TryRent(protocol ?? Protocol, request, out ChannelLease lease), "nothing could be rented at once");
        return lease;
    }

    /// <summary>Rents and begins a stream, as a face does.</summary>
    internal ChannelLease Begin(LeaseRequest request = default)
    {
        ChannelLease lease = Rent(request);
        Assert.IsTrue(((FakeChannelSession)lease.Session).TryBegin(), "the session has no credit");
        return lease;
    }

    /// <summary>Ends what <see cref="Begin"/> began.</summary>
    internal static void End(ChannelLease lease, CallOutcome outcome = CallOutcome.Success)
    {
        ((FakeChannelSession)lease.Session).End();
        lease.Complete(outcome);
    }

    /// <summary>Begins to rent, and runs what that causes.</summary>
    internal Task<ChannelLease> RentAsync(LeaseRequest request = default, ChannelProtocol? protocol = null, CancellationToken cancellationToken = default)
    {
        Task<ChannelLease> renting = Channel.RentAsync(protocol ?? Protocol, request, cancellationToken).AsTask();
        Run();
        return renting;
    }

    internal LeaseRequest Within(double seconds) => new() { Deadline = Channel.DeadlineAfter(TimeSpan.FromSeconds(seconds)) };

    /// <summary>The refusal of a rent that must have ended.</summary>
    internal static TransportException Refusal(Task<ChannelLease> renting)
    {
        Assert.IsTrue(renting.IsFaulted, $"the rent is {renting.Status}");
        return (TransportException)renting.Exception!.InnerException!;
    }

    /// <summary>Closes the channel and checks that nothing of it is left.</summary>
    public void Dispose()
    {
        Task closing = Channel.DisposeAsync().AsTask();
        Run();
        Assert.IsTrue(closing.IsCompletedSuccessfully, "the channel does not close");
        Assert.AreEqual(0, Time.ActiveTimers, "a timer is left");
        Assert.AreEqual(0, Tls.Listeners, "the channel still listens to its identity");
        ChannelSnapshot snapshot = Snapshot;
        Assert.AreEqual(0, snapshot.Waiters, "a waiter is left");
        Assert.IsTrue(Protocol.Sessions.All(static s => s.IsClosed), "a session is left open");
        Assert.AreEqual(0, Protocol.Pending.Count, "an attempt is left");
    }
}
