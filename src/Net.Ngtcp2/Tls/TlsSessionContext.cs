namespace Net.Ngtcp2.Tls;

/// <summary>What a TLS session needs of its engine.</summary>
/// <param name="timeProvider">The wall clock by which certificates are judged.</param>
internal sealed class TlsSessionContext(TimeProvider timeProvider)
{
    /// <summary>The wall clock by which certificates are judged.</summary>
    public TimeProvider TimeProvider { get; } = timeProvider;
}
