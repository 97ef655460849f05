namespace Net.Chaos.Running.Hosts;

/// <summary>A service that runs already. It is neither started nor stopped; scenarios that would do so are refused when they are read.</summary>
internal sealed class ForeignHost(string name, string endPoint) : IRunHost
{
    public string Name => name;

    public string Directory => "";

    public string? LedgerPath => null;

    public string EndPoint => endPoint;

    public bool IsRunning => true;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<int?> EndAsync(int signal, TimeSpan limit, CancellationToken cancellationToken) => throw NotOurs();

    public Task<bool> FreezeAsync(bool freeze, CancellationToken cancellationToken) => throw NotOurs();

    public long? ReadMemory() => null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private RunException NotOurs() => new($"{name} at {endPoint} was not started by the runner, which therefore does not end it.");
}
