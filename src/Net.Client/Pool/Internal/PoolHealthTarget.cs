namespace Net.Client.Internal;

/// <summary>What a health monitor sees of an end point. It opens nothing: the pool connects by itself, and tells the monitor how that went.</summary>
internal sealed class PoolHealthTarget(EndPointState state, Lock gate) : HealthTarget
{
    public override ChannelEndPoint EndPoint => state.EndPoint;

    public override EndPointLoad Load => state.Load;

    public override ValueTask<ChannelSession?> GetSessionAsync(string? protocol, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            PooledConnection? connection = state.Groups.SelectMany(static g => g.Pick.Connections).FirstOrDefault(c => protocol is null || c.Protocol.Name == protocol);
            return ValueTask.FromResult(connection?.Session);
        }
    }

    public override void CopySessions(ICollection<ChannelSession> sessions)
    {
        lock (gate)
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
}
