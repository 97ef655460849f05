namespace Net;

/// <summary>Where a channel gets identity and trust from, also after they were rotated. Thread-safe.</summary>
/// <remarks>
/// A change is made in this order: <see cref="Current"/> is swapped, then <see cref="Generation"/> grows, then <see cref="Changed"/> is raised. Who reads the generation first and the options second
/// therefore never takes older options for newer ones.
/// </remarks>
public abstract class ClientTlsSource
{
    /// <summary>The snapshot for new connections. The same instance until it changes, as engines cache by reference.</summary>
    public abstract ClientTlsOptions Current { get; }

    /// <summary>Number of the snapshot; grows with each change of identity or trust, by any step.</summary>
    public abstract long Generation { get; }

    /// <summary>
    /// The oldest generation whose connections may live on. Raise it with a change that narrows the trust or revokes a certificate: a channel then cuts connections of older ones at once instead of
    /// draining them when a successor is ready. Default 0: none are cut.
    /// </summary>
    public virtual long OldestTrustedGeneration => 0;

    /// <summary>
    /// What closes connections whose server is no longer trusted, and only those; <c>null</c> (the default) when nothing does. A channel hands it each connection that it has opened
    /// (<see cref="ConnectionGuard.Watch(TransportConnection, long)"/>) and disposes what it gets with the connection.
    /// </summary>
    public virtual ConnectionGuard? Guard => null;

    /// <summary>Raised after each change. Handlers do not block and may run on any thread.</summary>
    public abstract event EventHandler? Changed;

    /// <summary>Makes a source that never changes.</summary>
    /// <param name="options">Identity and trust.</param>
    /// <returns>The source.</returns>
    public static ClientTlsSource Fixed(ClientTlsOptions options) => new FixedSource(options ?? throw new ArgumentNullException(nameof(options)));

    private sealed class FixedSource(ClientTlsOptions options) : ClientTlsSource
    {
        public override ClientTlsOptions Current => options;

        public override long Generation => 0;

        public override event EventHandler? Changed
        {
            add
            {
            }

            remove
            {
            }
        }
    }
}
