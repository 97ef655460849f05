namespace Net.Client;

/// <summary>What a health monitor needs of the end point it watches. The pool implements it.</summary>
/// <remarks>The pool also tells <see cref="EndPointHealth.RecordConnect"/> how each opening of a connection ended, those included that a check asked for.</remarks>
public abstract class HealthTarget
{
    /// <summary>The end point.</summary>
    public abstract ChannelEndPoint EndPoint { get; }

    /// <summary>Its live figures. The monitor keeps <see cref="EndPointLoad.SmoothedRtt"/> up to date in them.</summary>
    public abstract EndPointLoad Load { get; }

    /// <summary>A live session to check on, opened when there is none. What it opens joins the pool and is limited and spaced as all connecting is.</summary>
    /// <param name="protocol">The <see cref="ChannelProtocol.Name"/> it must speak, itself or through its <see cref="ChannelProtocol.Fallback"/> while that serves; <c>null</c>: any.</param>
    /// <param name="cancellationToken">Set when the check's timeout has passed or the monitor ends.</param>
    /// <returns>The session, which stays the pool's; <c>null</c> when the channel does not speak that protocol or no session is to be opened now, which says nothing.</returns>
    /// <exception cref="TransportException">No session came about: a check of the path fails.</exception>
    public abstract ValueTask<ChannelSession?> GetSessionAsync(string? protocol, CancellationToken cancellationToken);

    /// <summary>Adds the sessions that are open now, so that their path statistics can be read. Cheap, never blocks.</summary>
    /// <param name="sessions">Where to add them.</param>
    public abstract void CopySessions(ICollection<ChannelSession> sessions);

    /// <summary>Takes in what was just read of one of the sessions. Outside all locks.</summary>
    internal virtual void HandleRead(ChannelSession session, in PathStatistics statistics)
    {
    }

    /// <summary>Takes in that round trips of one of the sessions have become long, so that it is asked for a fresh one. Outside all locks.</summary>
    internal virtual void HandleSlow(ChannelSession session)
    {
    }

    /// <summary>All sessions have been read. What concerns them all is done here, once, however many had something to tell.</summary>
    internal virtual void EndReading()
    {
    }
}
