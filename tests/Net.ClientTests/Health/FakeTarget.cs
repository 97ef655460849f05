using Net.Client;

namespace Net.ClientTests.Health;

/// <summary>An end point whose sessions a test gives, or whose connecting fails.</summary>
internal sealed class FakeTarget(TimeProvider clock) : HealthTarget
{
    public override ChannelEndPoint EndPoint { get; } = new(new TransportEndPoint("backend.example", 443));

    public override EndPointLoad Load { get; } = new(clock);

    internal List<FakeSession> Sessions { get; } = [new FakeSession()];

    internal List<string?> Asked { get; } = [];

    internal Func<CancellationToken, ValueTask<ChannelSession?>>? OnGetSession { get; set; }

    public override ValueTask<ChannelSession?> GetSessionAsync(string? protocol, CancellationToken cancellationToken)
    {
        Asked.Add(protocol);
        return OnGetSession is null ? ValueTask.FromResult<ChannelSession?>(Sessions.FirstOrDefault()) : OnGetSession(cancellationToken);
    }

    public override void CopySessions(ICollection<ChannelSession> sessions) => Sessions.ForEach(sessions.Add);

    internal void Call(CallOutcome outcome)
    {
        Load.Begin();
        Load.End(TimeSpan.FromMilliseconds(1), outcome);
    }
}
