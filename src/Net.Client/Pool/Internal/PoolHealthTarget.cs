namespace Net.Client.Internal;

/// <summary>What a health monitor sees of an end point. It opens nothing: the pool connects by itself, and tells the monitor how that went.</summary>
internal sealed class PoolHealthTarget(EndPointState state, ChannelCore core) : HealthTarget
{
    // One reading at a time.
    private const int MaxAsked = 8;
    private readonly HashSet<ChannelSession> _suspects = [];
    private readonly HashSet<ChannelSession> _slow = [];
    private bool _isAnySilent;

    public override ChannelEndPoint EndPoint => state.EndPoint;

    public override EndPointLoad Load => state.Load;

    public override ValueTask<ChannelSession?> GetSessionAsync(string? protocol, CancellationToken cancellationToken)
    {
        lock (core.Gate)
        {
            PooledConnection? connection = Find_NeedsGate(c => protocol is null || c.Protocol.Name == protocol)

                // Where UDP is blocked or not to be used, the calls of that protocol go over its fallback: what serves them is what is to be checked.
                ?? Find_NeedsGate(c => c.Group.Route.Protocol.Name == protocol);
            return ValueTask.FromResult(connection?.Session);
        }
    }

    private PooledConnection? Find_NeedsGate(Func<PooledConnection, bool> condition) => state.Groups.SelectMany(static g => g.Pick.Connections).FirstOrDefault(condition);

    public override void CopySessions(ICollection<ChannelSession> sessions)
    {
        lock (core.Gate)
        {
            foreach (ConnectionGroup group in state.Groups)
            {
                foreach (PooledConnection connection in group.Pick.Connections)
                {
                    sessions.Add(connection.Session);
                }
            }
        }
    }

    // A dead connection of many makes no sign of the path's, and a sign that stands already is no news: neither tells the pool when a connection has become silent.
    // Where no call has failed, one timeout more is asked for, which doubles the time: a server that merely stood still for a moment is not to be connected to anew by all its clients.
    internal override void HandleRead(ChannelSession session, in PathStatistics statistics)
    {
        if (statistics.ProbeTimeouts is not int timeouts || core.Options.Pool.MaxProbeTimeouts is not (> 0 and int most))
        {
            return;
        }

        if (timeouts >= core.PathSigns.ProbeTimeouts)
        {
            _suspects.Add(session);
        }

        _isAnySilent |= timeouts > most;
    }

    // Those whose answers turn out to be quick make room for the others.
    internal override void HandleSlow(ChannelSession session)
    {
        if (_slow.Count < MaxAsked)
        {
            _slow.Add(session);
        }
    }

    internal override void EndReading()
    {
        if (_slow.Count > 0)
        {
            core.Ask(state, c => _slow.Contains(c.Session));
            _slow.Clear();
        }

        if (_suspects.Count > 0)
        {
            // Those on which nothing is under way have no reason to notice. They would fail the next calls, each of them anew.
            core.Ask(state, c => !_suspects.Contains(c.Session));
            _suspects.Clear();
        }

        if (_isAnySilent && core.FindSilence(state))
        {
            core.Kick();
        }

        _isAnySilent = false;
    }
}
