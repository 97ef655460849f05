namespace Net.ClientTests.Channels;

/// <summary>A protocol whose sessions are at hand at once and answer as a test says.</summary>
internal sealed class FakeHttpProtocol(Func<FakeHttpRequest, CancellationToken, Task<HttpResponseMessage>> answer) : ChannelProtocol
{
    public override string Name => "h3";

    public override string Transport => "tcp";

    internal Func<FakeHttpRequest, CancellationToken, Task<HttpResponseMessage>> Answer { get; } = answer;

    public override ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken) => new(new FakeHttpSession(this, context.EndPoint));
}
