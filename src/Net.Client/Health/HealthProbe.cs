namespace Net.Client;

/// <summary>One kind of active health check. Immutable or thread-safe: one object serves every end point of a channel, and any number of channels.</summary>
/// <remarks>A probe truly touches the peer. It keeps no state between checks; thresholds, intervals and timeouts are the monitor's part.</remarks>
public abstract class HealthProbe
{
    /// <summary>A short name for logs and verdicts, such as <c>ping</c> or <c>grpc.health.v1</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Which verdict its results count for. When no session can be had, a check of <see cref="HealthAspect.Path"/> fails, and a check of another aspect says nothing.</summary>
    public abstract HealthAspect Aspect { get; }

    /// <summary>
    /// The <see cref="ChannelProtocol.Name"/> of the calls that its check stands for; <c>null</c> (the default): any. The session speaks that protocol, or its
    /// <see cref="ChannelProtocol.Fallback"/> while that serves such calls.
    /// </summary>
    public virtual string? Protocol => null;

    /// <summary>Checks once. The monitor never runs two checks of one probe on one end point at a time.</summary>
    /// <param name="session">A live session to the end point. The pool owns it: do not dispose or drain it. It may end at any time.</param>
    /// <param name="cancellationToken">Set when the check's timeout has passed or the channel closes.</param>
    /// <returns>
    /// What was found. Exceptions are results, too: <see cref="NotSupportedException"/> is <see cref="ProbeStatus.Inconclusive"/>, the cancellation by the timeout and every other
    /// exception is <see cref="ProbeStatus.Fail"/> with its message as the reason.
    /// </returns>
    public abstract ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
