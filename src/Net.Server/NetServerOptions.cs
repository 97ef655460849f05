namespace Net.Server;

/// <summary>Limits of a server over all its listeners and protocols.</summary>
public sealed record NetServerOptions
{
    /// <summary>Connections open at once, over all listeners. Further ones are closed with their protocol's code for overload. Default 10,000; range 1 to 10^6.</summary>
    /// <remarks>An idle connection costs up to 100 KiB: choose what memory allows, and leave room for the calls.</remarks>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>How long <see cref="NetServer.StopAsync"/> waits for handlers that go on after their connections were aborted. Default 5 s; range 0 to 10 min.</summary>
    /// <remarks>Above what handlers take to notice that their token has fired. It comes on top of the time given for stopping in peace, and both together must be within what the supervisor gives.</remarks>
    public TimeSpan AbortTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(NetServerOptions));
        faults.Range(nameof(MaxConnections), MaxConnections, 1, 1_000_000);
        faults.Range(nameof(AbortTimeout), AbortTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        faults.ThrowIfAny();
    }
}
