using System.Net;
using Net.IntegrationTests.Ngtcp2;
using Net.Ngtcp2;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Tls;

namespace Net.IntegrationTests.Robustness;

/// <summary>Handshakes that are begun from many addresses and never finished. The server's clock goes slowly until the test lets ten minutes pass at once.</summary>
[TestClass]
[DoNotParallelize]
public sealed class HalfOpenFloodTests : Ngtcp2Test
{
    private const string HelloProtocol = "net/1";
    private const int RetryThreshold = 40;
    private const int MaxHandshakes = 90;
    private const int Sources = 600;
    private const int TagLength = 16;
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromMinutes(10);

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Handshakes_BegunFromManyAddresses_MeetRetryAndTheLimitAndEnd(string address)
    {
        Random random = TestSeed.TakeRandom(TestContext);
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        Ngtcp2Engine engine = NewEngine();
        Ngtcp2Engine serving = NewEngine(o => o with { TimeProvider = time });
        EchoServer server = await ListenAsync(serving, ListenOn(address) with
        {
            ApplicationProtocols = [HelloProtocol],
            RetryThreshold = RetryThreshold,
            MaxHandshakes = MaxHandshakes,
            HandshakeTimeout = HandshakeTimeout,
            IdleTimeout = Timeout.InfiniteTimeSpan,
        });
        using var stop = new CancellationTokenSource();
        Task clock = RunClockAsync(time, stop.Token);
        TransportConnection honest = await HonestAsync(engine, server);
        Assert.AreEqual(0, server.State.Retries);
        AttackSource[] sources = [.. Enumerable.Range(0, Sources).Select(i => new AttackSource(AddressOf(address, i), server.EndPoint))];
        try
        {
            await FloodAsync(engine, server, honest, sources, random);
            await FillAsync(server, honest, sources, random);
        }
        finally
        {
            Array.ForEach(sources, static s => s.Dispose());
        }

        // Nothing of it is left once the handshakes have timed out and the closing periods are over.
        time.Advance(HandshakeTimeout + TimeSpan.FromSeconds(1));
        await Waiting.Until(() => server.State.Handshakes == 0, "the handshakes time out");
        long retries = server.State.Retries;
        TransportConnection late = await HonestAsync(engine, server);
        Assert.AreEqual(retries, server.State.Retries, "Nobody is asked any more.");
        Assert.AreEqual(2, await OnLoop(server.Loops[0], static d => d.ConnectionCount).WithTimeout());
        await late.CloseAsync(0).WithTimeout();
        await honest.CloseAsync(0).WithTimeout();
        await Waiting.Until(() => server.State.Connections == 0);
        time.Advance(TimeSpan.FromMinutes(1));
        await server.EmptyAsync();
        await stop.CancelAsync();
        await clock;
    }

    // Every address in 127.0.0.0/8 is this machine; of IPv6 there is one, with a port for each.
    private static IPAddress AddressOf(string address, int number) =>
        address == "::1" ? IPAddress.IPv6Loopback : IPAddress.Parse($"127.1.{number / 250}.{1 + (number % 250)}");

    // Pacing needs time to pass between the packets of a flight.
    private static async Task RunClockAsync(ManualTimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!stop.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    // Addresses that are not the sender's own: no answer of the server's is ever used.
    private async Task FloodAsync(Ngtcp2Engine engine, EchoServer server, TransportConnection honest, AttackSource[] sources, Random random)
    {
        for (int i = 0; i < sources.Length; i++)
        {
            sources[i].Send(InitialDatagram.Wrap(InitialDatagram.ClientHello(random, serverName: "localhost"), random));
            if (i % 20 == 19)
            {
                await Echo.RoundTripAsync(honest, "pace");
            }

            if (i % 100 == 99)
            {
                TransportConnection visitor = await HonestAsync(engine, server);
                await visitor.CloseAsync(0).WithTimeout();
            }
        }

        await Echo.RoundTripAsync(honest, "pace");
        Assert.AreEqual(RetryThreshold, server.State.Handshakes, "Beyond the threshold nobody holds state who has not proved his address.");
        Assert.AreEqual(0, server.State.Refusals);
        Assert.IsGreaterThanOrEqualTo(sources.Length - RetryThreshold, server.State.Retries);
        Array.ForEach(sources, static s => s.CheckAnswers());
        Assert.IsTrue(sources.Skip(RetryThreshold).All(static s => s.Answers == 1), "One Retry for one hello.");
    }

    // Addresses that are the sender's own: those that answer the Retry get as far as the limit of handshakes.
    private static async Task FillAsync(EchoServer server, TransportConnection honest, AttackSource[] sources, Random random)
    {
        AttackSource[] proved = [.. sources.Skip(RetryThreshold).Take(2 * MaxHandshakes)];
        foreach (AttackSource source in proved)
        {
            (byte[] id, byte[] token) = ReadRetry(source.LastAnswer);
            source.Send(InitialDatagram.Wrap(InitialDatagram.ClientHello(random, serverName: "localhost"), id, token));
            await Echo.RoundTripAsync(honest, "pace");
            Assert.IsLessThanOrEqualTo(MaxHandshakes, server.State.Handshakes);
        }

        Assert.AreEqual(MaxHandshakes, server.State.Handshakes);
        Assert.AreEqual(proved.Length - (MaxHandshakes - RetryThreshold), server.State.Refusals);
        Array.ForEach(proved, static s => s.CheckAnswers());
    }

    // RFC 9000, section 17.2.5: first byte, version, both ids with their lengths, token, tag.
    private static (byte[] Id, byte[] Token) ReadRetry(byte[] packet)
    {
        Assert.AreEqual(0xf0, packet[0] & 0xf0, "The answer is no Retry.");
        int position = 5;
        position += 1 + packet[position];
        byte[] id = packet[(position + 1)..(position + 1 + packet[position])];
        return (id, packet[(position + 1 + id.Length)..^TagLength]);
    }

    private async Task<TransportConnection> HonestAsync(Ngtcp2Engine engine, EchoServer server)
    {
        var (client, _) = await ConnectAsync(engine, server, static o => o with { ApplicationProtocols = [HelloProtocol], IdleTimeout = Timeout.InfiniteTimeSpan });
        await Echo.RoundTripAsync(client, "honest");
        return client;
    }
}
