namespace Net.Client.Internal;

/// <summary>The connections of one group that take calls, frozen. The first <paramref name="core"/> are the minimum that is always open; the others serve when those are busy, so that they fall idle first.</summary>
internal sealed class PickList(PooledConnection[] connections, int core)
{
    internal static readonly PickList Empty = new([], 0);

    internal PooledConnection[] Connections => connections;

    internal bool IsEmpty => connections.Length == 0;

    /// <summary>Takes a place on the least busy connection.</summary>
    /// <param name="isBusy">Whether the group should grow.</param>
    internal PooledConnection? TryReserve(out bool isBusy)
    {
        PooledConnection? best = Least(core);
        if (best is not null && best.IsBusy && connections.Length > core)
        {
            best = Least(connections.Length);
        }

        if (best is not null && best.TryReserve(out isBusy))
        {
            return best;
        }

        isBusy = true;
        foreach (PooledConnection connection in connections)
        {
            if (connection != best && connection.TryReserve(out _))
            {
                return connection;
            }
        }

        return null;
    }

    private PooledConnection? Least(int count)
    {
        PooledConnection? least = null;
        int fewest = int.MaxValue;
        for (int i = 0; i < count; i++)
        {
            int leases = connections[i].Leases;
            if (leases < fewest)
            {
                fewest = leases;
                least = connections[i];
            }
        }

        return least;
    }
}
