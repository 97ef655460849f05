namespace Net.Chaos.Running.Hosts;

/// <summary>A host of a run: a process of the runner's, or somebody's own service.</summary>
internal interface IRunHost : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Its files; empty where it is not the runner's.</summary>
    string Directory { get; }

    /// <summary>Where it notes what it executes; <c>null</c>: it does not.</summary>
    string? LedgerPath { get; }

    /// <summary>Where it listens, <c>host:port</c>.</summary>
    string EndPoint { get; }

    bool IsRunning { get; }

    Task StartAsync(CancellationToken cancellationToken);

    Task<int?> EndAsync(int signal, TimeSpan limit, CancellationToken cancellationToken);

    Task<bool> FreezeAsync(bool freeze, CancellationToken cancellationToken);

    long? ReadMemory();
}
