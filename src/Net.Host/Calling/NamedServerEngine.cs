namespace Net.Hosting.Calling;

/// <summary>Connects with a server name of its own, whatever the caller connects to: for servers whose certificate holds another name than they are reached by.</summary>
/// <param name="inner">The engine; stays the caller's.</param>
/// <param name="serverName">The name that the certificate must hold.</param>
internal sealed class NamedServerEngine(TransportEngine inner, string serverName) : TransportEngine
{
    public override string Name => inner.Name;

    public override EngineSupport Support => inner.Support;

    public override EngineCapabilities Capabilities => inner.Capabilities;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken) =>
        inner.ConnectAsync(options with { ServerName = serverName }, cancellationToken);

    protected override ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken) =>
        inner.ListenAsync(options, cancellationToken);
}
