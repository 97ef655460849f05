using Net.Http3;

namespace Net.Chaos.Simulation.Http;

/// <summary>HTTP/3 as the library speaks it, with sessions that are counted.</summary>
internal sealed class SimulatedHttpProtocol(Http3ConnectionOptions options) : ChannelProtocol
{
    private readonly Http3Protocol _inner = new(options);

    public override string Name => _inner.Name;

    /// <summary>Sessions that are not given back.</summary>
    internal List<SimulatedHttpSession> Sessions { get; } = [];

    public override async ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken)
    {
        var inner = (HttpSession)await _inner.ConnectAsync(context, cancellationToken).ConfigureAwait(false);
        var session = new SimulatedHttpSession(this, inner, context.EndPoint);
        Sessions.Add(session);
        return session;
    }
}
