using Net.Client;

namespace Net.ClientTests.Resilience;

/// <summary>A channel of a few end points that lends at once: those first that the call has not tried, in turn. Keeps count of what is lent and how it came back.</summary>
internal sealed class FakeLeaseSource(TimeProvider clock, int endPoints = 3) : LeaseSource
{
    private readonly Lock _lock = new();
    private int _turn;
    private int _lent;

    public override TimeProvider TimeProvider => clock;

    internal static ChannelProtocol Protocol { get; } = new FakeProtocol("fake");

    /// <summary>Leases that are not completed.</summary>
    internal int Lent => Volatile.Read(ref _lent);

    /// <summary>How leases came back, in order.</summary>
    internal List<CallOutcome> Outcomes { get; } = [];

    /// <summary>End points in the order in which they were lent.</summary>
    internal List<int> Picks { get; } = [];

    /// <summary>Protocols in the order in which they were asked for.</summary>
    internal List<ChannelProtocol> Asked { get; } = [];

    internal List<LeaseRequest> Requests { get; } = [];

    /// <summary>What renting throws; <c>null</c>: nothing.</summary>
    internal Func<Exception?> Refusal { get; set; } = static () => null;

    /// <summary>Keeps <see cref="RentAsync"/> waiting until its token fires.</summary>
    internal bool Waits { get; set; }

    /// <summary>Whether anything is written down; not while allocation is measured.</summary>
    internal bool Records { get; set; } = true;

    public override bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease)
    {
        if (Waits || (Records && Refusal() is not null))
        {
            lease = default;
            return false;
        }

        lock (_lock)
        {
            int id = 1 + (_turn++ % endPoints);
            for (int i = 0; i < endPoints && request.Tried?.Contains(id) == true; i++)
            {
                id = 1 + (_turn++ % endPoints);
            }

            if (Records)
            {
                Picks.Add(id);
                Asked.Add(protocol);
                Requests.Add(request);
            }

            _lent++;
            lease = new ChannelLease(Take(id));
            return true;
        }
    }

    public override async ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, LeaseRequest request, CancellationToken cancellationToken = default)
    {
        if (Waits)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);
        }

        return Refusal() is Exception exception ? throw exception : TryRent(protocol, request, out ChannelLease lease) ? lease : throw new InvalidOperationException();
    }

    private readonly Stack<State> _idle = new();

    private State Take(int id)
    {
        State state = _idle.TryPop(out State? idle) ? idle : new State(this);
        state.Id = id;
        return state;
    }

    private void Completed(State state, CallOutcome outcome)
    {
        lock (_lock)
        {
            _lent--;
            _idle.Push(state);
            if (Records)
            {
                Outcomes.Add(outcome);
            }
        }
    }

    internal sealed class FakeProtocol(string name) : ChannelProtocol
    {
        public override string Name => name;

        public override ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class State(FakeLeaseSource owner) : LeaseState
    {
        internal int Id { get; set; }

        internal override ChannelSession? Session => FakeSession.Instance;

        internal override ChannelEndPoint? EndPoint => new(new TransportEndPoint("e", Id));

        internal override int EndPointId => Id;

        internal override long ConnectionId => 100 + Id;

        protected override void OnCompleted(CallOutcome outcome) => owner.Completed(this, outcome);
    }

    private sealed class FakeSession : ChannelSession
    {
        internal static readonly FakeSession Instance = new();

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

        public override string Protocol => "fake";

        public override TransportConnection? Connection => null;

        public override int ActiveStreams => 0;

        public override int AvailableStreams => 1;

        public override bool IsDraining => false;

        public override Task<ConnectionClose> Closed { get; } = new TaskCompletionSource<ConnectionClose>().Task;

        public override void Drain()
        {
        }

        public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public override PathStatistics GetPathStatistics() => throw new NotSupportedException();

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
