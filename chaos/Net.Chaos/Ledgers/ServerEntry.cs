namespace Net.Chaos.Ledgers;

/// <summary>What the hosts executed under one id.</summary>
internal sealed class ServerEntry(CallDigest? request)
{
    private readonly List<string> _hosts = [];

    /// <summary>What the first execution was given.</summary>
    internal CallDigest? Request { get; } = request;

    /// <summary>How often it was executed, over all hosts.</summary>
    internal int Executions => _hosts.Count;

    /// <summary>By whom, in the order in which they were read.</summary>
    internal IReadOnlyList<string> Hosts => _hosts;

    /// <summary>Whether another execution was given something else.</summary>
    internal bool WasChanged { get; private set; }

    internal void Add(string host, CallDigest? request)
    {
        _hosts.Add(host);
        WasChanged |= request != Request;
    }
}
