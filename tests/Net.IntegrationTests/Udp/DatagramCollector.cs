using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

/// <summary>Keeps copies of the datagrams it is handed.</summary>
internal sealed class DatagramCollector : IDatagramHandler
{
    internal List<(byte[] Data, SocketAddressBuffer Local, SocketAddressBuffer Remote, byte Ecn)> Datagrams { get; } = [];

    public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) =>
        Datagrams.Add((data.ToArray(), local, remote, ecn));
}
