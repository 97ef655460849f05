namespace Net.Client;

/// <summary>Checks the path with QUIC's PING, which the peer's transport answers without its application (RFC 9000, section 19.2).</summary>
public sealed class PingProbe : HealthProbe
{
    /// <inheritdoc/>
    public override string Name => "ping";

    /// <inheritdoc/>
    public override HealthAspect Aspect => HealthAspect.Path;

    /// <inheritdoc/>
    public override async ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        return ProbeResult.Pass(await session.PingAsync(cancellationToken).ConfigureAwait(false));
    }
}
