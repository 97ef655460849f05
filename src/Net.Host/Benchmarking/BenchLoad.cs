namespace Net.Hosting.Benchmarking;

/// <summary>The connections of a measurement, whatever goes over them.</summary>
internal abstract class BenchLoad : IAsyncDisposable
{
    /// <summary>What the calls go over, for the report.</summary>
    internal abstract string Via { get; }

    /// <summary>Opens a connection. Called once for each, from several threads at once.</summary>
    internal abstract Task ConnectAsync(int connection, CancellationToken cancellationToken);

    /// <summary>Makes a caller on a connection that is open.</summary>
    internal abstract BenchCaller MakeCaller(int connection);

    public abstract ValueTask DisposeAsync();
}
