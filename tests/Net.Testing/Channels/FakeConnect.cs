namespace Net.Testing;

/// <summary>An attempt to connect over a <see cref="FakeChannelProtocol"/>, which ends as the test says, or when it is cancelled.</summary>
public sealed class FakeConnect
{
    private readonly FakeChannelProtocol _protocol;
    private readonly TaskCompletionSource<ChannelSession> _source = new();
    private readonly CancellationTokenRegistration _registration;

    internal FakeConnect(FakeChannelProtocol protocol, ChannelConnectContext context, CancellationToken cancellationToken)
    {
        _protocol = protocol;
        Context = context;
        CancellationToken = cancellationToken;
        _registration = cancellationToken.Register(() => _source.TrySetCanceled(cancellationToken));
    }

    /// <summary>What is to be spoken.</summary>
    public FakeChannelProtocol Protocol => _protocol;

    /// <summary>Where and how.</summary>
    public ChannelConnectContext Context { get; }

    /// <summary>Set when the pool gives up.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The end of the attempt.</summary>
    public Task<ChannelSession> Task => _source.Task;

    /// <summary>The session comes about.</summary>
    /// <returns>The session; when the attempt had ended already, one that nobody has.</returns>
    public FakeChannelSession Succeed()
    {
        var session = new FakeChannelSession(_protocol.Name, Context, _protocol.MaxStreams) { Path = _protocol.Path };
        _registration.Unregister();
        _source.TrySetResult(session);
        return session;
    }

    /// <summary>The attempt fails.</summary>
    /// <param name="error">How.</param>
    public void Fail(TransportError error = TransportError.ConnectFailed) => Fail(new TransportException(error, $"{Context.EndPoint} refused, as the test says"));

    internal void Fail(Exception exception)
    {
        _registration.Unregister();
        _source.TrySetException(exception);
    }
}
