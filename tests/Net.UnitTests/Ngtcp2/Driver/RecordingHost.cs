using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Udp;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>A host that does nothing but note what it was asked for; with it go connections and streams that have no driver.</summary>
internal sealed class RecordingHost : IDriverHost
{
    public ulong Now { get; set; } = 1_000_000_000;

    public TimeProvider TimeProvider => TimeProvider.System;

    /// <summary>Work in the order in which it was posted.</summary>
    internal List<IDriverWork> Posted { get; } = [];

    /// <summary>What was sent, and where to.</summary>
    internal List<(SocketAddressBuffer Remote, byte[] Data)> Sent { get; } = [];

    public void FillRandom(Span<byte> destination) => destination.Clear();

    public void Send(int socket, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize) =>
        Sent.Add((remote, data.ToArray()));

    public void Post(IDriverWork work) => Posted.Add(work);

    public (int Socket, SocketAddressBuffer Local) OpenSocketFor(IPEndPoint local, in SocketAddressBuffer remote) => throw new NotSupportedException();

    public void CloseSocket(int socket) => throw new NotSupportedException();

    /// <summary>Makes a client's connection that no driver knows of.</summary>
    internal Ngtcp2Connection NewConnection(TransportLimits? limits = null)
    {
        var options = new ConnectOptions
        {
            ApplicationProtocols = ["test/1"],
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1),
            Tls = SimulatedIdentities.ClientTls,
            InlineContinuations = true,
            DefaultStreamErrorCode = 99,
            Limits = limits ?? TransportLimits.Default,
        };
        return new Ngtcp2Connection(options, this, isServer: false, new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 2));
    }

    /// <summary>Makes a stream that no driver knows of.</summary>
    internal Ngtcp2Stream NewStream(long id = 0, TransportLimits? limits = null) => new(NewConnection(limits), id, isLocal: (id & 1) == 0);
}
