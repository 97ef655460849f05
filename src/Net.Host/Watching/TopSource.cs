using Net.Channels;

namespace Net.Hosting.Watching;

/// <summary>Where <c>net top</c> gets from what channels are.</summary>
internal abstract class TopSource : IAsyncDisposable
{
    /// <summary>Who is watched, for people.</summary>
    internal abstract string Name { get; }

    /// <summary>Asks once.</summary>
    /// <exception cref="HostException">There is no answer; the message says why and what to do.</exception>
    internal abstract Task<ChannelsDocument> ReadAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}
