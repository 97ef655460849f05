using System.Net;

namespace Net.Chaos.Simulation.Frames;

/// <summary>A client's engine in a <see cref="FrameCluster"/>.</summary>
internal sealed class FrameEngine(FrameCluster cluster, int client) : TransportEngine
{
    public override string Name => "memory";

    public override EngineSupport Support => new(true, null, null);

    public override EngineCapabilities Capabilities => FrameConnection.AllCapabilities;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override async ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FrameConnection connection = cluster.Connect(client, (IPEndPoint)options.RemoteEndPoint, options);
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static connection => ((FrameConnection)connection!).Abandon(), connection);
        try
        {
            await connection.HandshakeCompletion.ConfigureAwait(false);
            return connection;
        }
        catch (TransportException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransportException(TransportError.ConnectFailed, $"Connecting to {options.RemoteEndPoint} failed. {exception.Message}", exception);
        }
    }

    protected override ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Hosts of a simulation listen from the start.");
}
