using Net.Http3;

namespace Net.Chaos.Simulation.Http;

/// <summary>HTTP/3 as the library speaks it, with sessions that are counted.</summary>
internal sealed class SimulatedHttpProtocol(Http3ConnectionOptions options, SimulationClock clock) : ChannelProtocol
{
    private readonly Http3Protocol _inner = new(options);
    private readonly List<SimulatedHttpSession> _sessions = [];

    public override string Name => _inner.Name;

    /// <summary>Sessions that are not given back.</summary>
    internal IReadOnlyCollection<SimulatedHttpSession> Sessions => _sessions;

    public override async ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken)
    {
        var inner = (HttpSession)await _inner.ConnectAsync(context, cancellationToken).ConfigureAwait(false);
        clock.Check();
        var session = new SimulatedHttpSession(this, inner, context.EndPoint);
        _sessions.Add(session);
        return session;
    }

    /// <summary>A session is given back.</summary>
    internal void Remove(SimulatedHttpSession session)
    {
        clock.Check();
        _sessions.Remove(session);
    }
}
