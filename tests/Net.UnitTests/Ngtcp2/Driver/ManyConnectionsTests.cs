using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>One server, many clients; and several loops that share a port.</summary>
[TestClass]
public sealed class ManyConnectionsTests : DriverTest
{
    [TestMethod]
    public void Clients_OfManyHostsAtOnce_AreAllServed()
    {
        using var pair = new DriverPair(listen: static o => o with { RetryThreshold = 20 });
        pair.Network.LinkDefaults = static link =>
        {
            link.Loss = 0.05;
            link.Jitter = Milliseconds(5);
        };
        List<Task> echoes = [];
        List<Task> serving = [];
        List<Ngtcp2Connection> clients = [];
        for (int i = 0; i < 10; i++)
        {
            SimulatedHost host = i == 0 ? pair.Client : pair.AddClient();
            clients.AddRange(Enumerable.Range(0, 5).Select(_ => pair.Connect(from: host)));
        }

        pair.Network.RunUntil(() => pair.Accepted.Count == 50 && clients.TrueForAll(static c => c.HandshakeCompletion.IsCompletedSuccessfully));
        Assert.IsGreaterThan(0, pair.State.Retries);
        Assert.AreEqual(50, pair.State.Connections);
        Assert.AreEqual(0, pair.State.Handshakes);
        Assert.HasCount(50, pair.Accepted.Select(static c => c.RemoteEndPoint).Zip(pair.Accepted.Select(static c => c.Id)).Distinct());
        serving.AddRange(pair.Accepted.Select(static c => Application.ServeAsync(c, Application.EchoAsync)));
        echoes.AddRange(clients.Select(EchoAsync));
        pair.Network.RunAll(echoes);
        clients.ForEach(static c => _ = c.CloseAsync(0).AsTask());
        pair.CheckEmpty();
        pair.Network.RunAll(serving);
    }

    [TestMethod]
    public void Ids_OfALoopInAGroup_LeadToItFromEveryOtherLoop()
    {
        const int Group = 3;
        using var pair = new DriverPair();
        EndpointDriver[] loops = [.. Enumerable.Range(0, Group).Select(
            i => new EndpointDriver(pair.Server, new Ngtcp2EngineOptions(), new TlsSessionContext(pair.Network.TimeProvider), pair.State, i, Group))];
        SocketAddressBuffer address = pair.Server.LocalAddress(0);
        for (int owner = 0; owner < Group; owner++)
        {
            for (int i = 0; i < 300; i++)
            {
                byte[] datagram = [0x40, .. loops[owner].MakeId().AsSpan(), .. new byte[20]];
                for (int receiver = 0; receiver < Group; receiver++)
                {
                    int answer = loops[receiver].HandleDatagram(datagram, address, address, 0, 0);
                    Assert.AreEqual(receiver == owner ? -1 : owner, answer);
                }
            }
        }
    }

    private static async Task EchoAsync(Ngtcp2Connection client)
    {
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, (int)client.Id, 20_000);
        (string digest, _) = await Application.ReceiveAsync(stream.Input);
        Assert.AreEqual(await sent, digest);
        Application.Release(stream);
    }
}
