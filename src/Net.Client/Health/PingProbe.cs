namespace Net.Client;

/// <summary>Checks the path with QUIC's PING, which the peer's transport answers without its application (RFC 9000, section 19.2).</summary>
/// <remarks>
/// Where no PING can be sent it says nothing: on engines that lack <see cref="EngineCapabilities.Ping"/>, as <c>msquic</c> does, and over HTTP/2, whose platform client sends them by itself and tells
/// nobody. The verdict on the path is then that of calls and of attempts to connect. The log tells it once for each channel, as a warning (<c>NothingChecks</c>) when there is no other check:
/// add one that the process answers, an echo or <c>grpc.health.v1</c>.
/// </remarks>
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
