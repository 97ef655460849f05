using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Udp;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>A client's engine: connections of one <see cref="DatagramHost"/>'s driver.</summary>
internal sealed class DriverEngine(DatagramHost host) : TransportEngine
{
    public override string Name => "ngtcp2";

    public override EngineSupport Support => new(true, null, null);

    public override EngineCapabilities Capabilities => Ngtcp2Engine.AllCapabilities;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override async ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var remote = (IPEndPoint)options.RemoteEndPoint;
        ConnectOptions own = options with { InlineContinuations = true };
        var connection = new Ngtcp2Connection(own, host, isServer: false, remote, host.LocalAddress.ToIPEndPoint());
        var face = new DriverConnection(host, connection, isAccepted: false);
        host.Add(face);
        host.Post(new DriverWork(() => connection.Attach(host.Driver.Connect(connection, host.LocalAddress, SocketAddressBuffer.From(remote), 0))));
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static connection => ((Ngtcp2Connection)connection!).Abandon("the caller gave up"), connection);
        try
        {
            await face.Usable.ConfigureAwait(false);
        }
        catch (TransportException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransportException(exception.Error == TransportError.CertificateRejected ? exception.Error : TransportError.ConnectFailed, $"Connecting to {remote} failed. {exception.Message}", exception);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return face;
    }

    protected override ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Hosts of a simulation listen from the start.");
}
