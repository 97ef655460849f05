namespace Net.Client;

/// <summary>A health check that the peer reports changes to by itself, such as <c>grpc.health.v1</c> Watch.</summary>
/// <remarks>
/// While <see cref="WatchAsync"/> runs, its reports are the results, and the monitor does not poll. When it ends, however it does, the monitor checks once with
/// <see cref="HealthProbe.ProbeAsync"/> after the usual interval and then watches again.
/// </remarks>
public abstract class HealthWatch : HealthProbe
{
    /// <summary>Watches until the session ends, the peer ends the watch, or the token is set.</summary>
    /// <param name="session">A live session to the end point. The pool owns it.</param>
    /// <param name="report">
    /// Takes each result, on any thread, without blocking, one at a time. The peer's own word needs no threshold: each report that passes or fails settles the verdict at once.
    /// </param>
    /// <param name="cancellationToken">Set when the channel closes or the end point is removed.</param>
    /// <returns>A task that completes when the watch is over.</returns>
    /// <exception cref="NotSupportedException">The peer offers no watch: the monitor polls from then on.</exception>
    public abstract Task WatchAsync(ChannelSession session, Action<ProbeResult> report, CancellationToken cancellationToken);
}
