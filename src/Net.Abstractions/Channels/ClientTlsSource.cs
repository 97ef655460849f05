namespace Net;

/// <summary>Where a channel takes its identity and trust from, so that both can change while it works. Thread-safe.</summary>
/// <remarks>
/// A channel reads <see cref="Current"/> for each connection that it opens, and retires connections that were opened under an earlier <see cref="Generation"/>: their successors are
/// ready before they drain. Net.Security's CertificateSource implements it over files that are watched.
/// </remarks>
public abstract class ClientTlsSource
{
    /// <summary>The snapshot for the next connection. The same instance for as long as it is current, as engines cache what they derive from it.</summary>
    public abstract ClientTlsOptions Current { get; }

    /// <summary>Grows with each new <see cref="Current"/>.</summary>
    public abstract long Generation { get; }

    /// <summary>
    /// What ends connections whose peer is no longer trusted, or <c>null</c> (the default) when nothing does. A channel hands it each connection that it has opened; see
    /// <see cref="ConnectionGuard.Watch(TransportConnection, long)"/>.
    /// </summary>
    public virtual ConnectionGuard? Guard => null;

    /// <summary>Raised after <see cref="Current"/> has changed, on a thread of the source's; handlers must be quick and must not throw.</summary>
    public abstract event EventHandler? Changed;
}
