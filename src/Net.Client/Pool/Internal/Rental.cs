namespace Net.Client.Internal;

/// <summary>The lease of a connection in a pool. The objects are used again and again: each thread keeps some, and a shared store what threads that only complete would pile up.</summary>
internal sealed class Rental : LeaseState
{
    private const int KeptPerThread = 32;

    [ThreadStatic]
    private static Store? s_store;

    private PooledConnection? _connection;
    private ChannelEndPoint? _endPoint;
    private BreakerPermit _permit;
    private long _started;
    private long _answered;

    private Rental()
    {
    }

    // Only a lease that nobody can complete any more is collected; those that are kept for reuse are not lent.
    ~Rental()
    {
        if (_connection is { } connection)
        {
            connection.Group.NoteLostLease(connection);
            TryComplete(Version, CallOutcome.Cancelled);

            // It is kept for reuse, and may be lost again.
            GC.ReRegisterForFinalize(this);
        }
    }

    internal override ChannelSession? Session => _connection?.Session;

    internal override ChannelEndPoint? EndPoint => _endPoint;

    internal override int EndPointId => _connection?.Group.EndPoint.Id ?? 0;

    internal override long ConnectionId => _connection?.Id ?? 0;

    internal override string? Choice => _connection?.Choice;

    /// <summary>Makes a lease of a place that was reserved.</summary>
    internal static ChannelLease Begin(PooledConnection connection, BreakerPermit permit, long now)
    {
        Rental rental = (s_store ??= new Store()).Take();
        EndPointState endPoint = connection.Group.EndPoint;
        rental._connection = connection;
        rental._endPoint = endPoint.EndPoint;
        rental._permit = permit;
        rental._started = now;
        rental._answered = 0;
        endPoint.Load.Begin();
        return new ChannelLease(rental);
    }

    internal override void NoteAnswer() => _answered = _connection?.Group.Now ?? 0;

    protected override void OnCompleted(CallOutcome outcome)
    {
        PooledConnection connection = _connection!;
        BreakerPermit permit = _permit;
        long now = connection.Group.Now;
        long started = _started;
        long answered = _answered == 0 ? now : _answered;
        _connection = null;
        _endPoint = null;
        _permit = default;
        (s_store ??= new Store()).Give(this);
        connection.Group.Complete(connection, permit, started, answered, outcome, now);
    }

    private sealed class Store
    {
        private static readonly System.Collections.Concurrent.ConcurrentQueue<Rental> Shared = new();

        private readonly Rental?[] _kept = new Rental?[KeptPerThread];
        private int _count;

        internal Rental Take()
        {
            if (_count > 0)
            {
                Rental kept = _kept[--_count]!;
                _kept[_count] = null;
                return kept;
            }

            return Shared.TryDequeue(out Rental? shared) ? shared : new Rental();
        }

        internal void Give(Rental rental)
        {
            if (_count < _kept.Length)
            {
                _kept[_count++] = rental;
            }
            else
            {
                Shared.Enqueue(rental);
            }
        }
    }
}
