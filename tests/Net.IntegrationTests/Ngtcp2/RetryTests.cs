using System.Net;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Address validation: Retry packets, and the tokens that save them.</summary>
[TestClass]
public sealed class RetryTests : Ngtcp2Test
{
    private const long InvalidToken = 0xb;
    private const long ConnectionRefused = 0x2;

    [TestMethod]
    [DataRow("127.0.0.1", QuicVersion.Version1)]
    [DataRow("::1", QuicVersion.Version1)]
    [DataRow("127.0.0.1", QuicVersion.Version2)]
    [DataRow("::1", QuicVersion.Version2)]
    public async Task Connect_WithThresholdZero_ProvesItsAddressEachTime(string address, QuicVersion version)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls) with { RetryThreshold = 0, Versions = [version] });
        for (int i = 1; i <= 3; i++)
        {
            var (client, _) = await ConnectAsync(engine, server, o => o with { Versions = [version] });
            await Echo.RoundTripAsync(client, "after a Retry");
            Assert.AreEqual(i, server.State.Retries);
        }
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WithManyHandshakesUnderWay_IsAskedToProveItsAddressUntilTheyEnd(string address)
    {
        const int Threshold = 5;
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { RetryThreshold = Threshold });
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        await relay.HoldAsync();
        Task<TransportConnection>[] waiting = Enumerable.Range(0, Threshold)
            .Select(_ => engine.ConnectAsync(ConnectTo(relay.EndPoint)).AsTask()).ToArray();
        await Waiting.Until(() => server.State.Handshakes == Threshold);
        Assert.AreEqual(0, server.State.Retries, "Up to the threshold nobody is asked.");

        var (asked, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(asked, "above the threshold");
        Assert.AreEqual(1, server.State.Retries);

        await relay.ReleaseAsync();
        foreach (Task<TransportConnection> attempt in waiting)
        {
            await Echo.RoundTripAsync(Own(await attempt.WithTimeout()), "let through");
        }

        await Waiting.Until(() => server.State.Handshakes == 0);
        long before = server.State.Retries;
        TransportConnection quiet = Own(await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        await Echo.RoundTripAsync(quiet, "quiet again");
        Assert.AreEqual(before, server.State.Retries);
    }

    [TestMethod]
    [DataRow("127.0.0.1", "127.0.0.1")]
    [DataRow("127.0.0.1", "127.0.0.9")]
    [DataRow("::1", "::1")]
    public async Task Connect_WithTheRetryTokenOfAnotherAddress_IsRefusedAsInvalidToken(string address, string otherAddress)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { RetryThreshold = 0 });
        UdpRelay relay = null!;
        relay = Own(new UdpRelay(server.EndPoint, (RelayDirection direction, ReadOnlySpan<byte> data, ref byte ecn) =>
        {
            if (direction == RelayDirection.ToClient && IsRetry(data))
            {
                // The client's answer, with the token, then comes from another port or address.
                _ = relay.RebindAsync(IPAddress.Parse(otherAddress));
            }

            return true;
        }));
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.AreEqual(InvalidToken, failure.TransportErrorCode);
        Assert.Contains("INVALID_TOKEN", failure.Message);
        Assert.AreEqual(1, server.State.Retries);
        Assert.AreEqual((0, 0), await CountAsync(server.Loops), "A refused token makes no connection.");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WithATokenOfAnEarlierVisit_NeedsNoRetry(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { RetryThreshold = 0 });
        var store = new WatchedTicketStore();
        var tls = new ClientTlsOptions { ServerCertificatePolicy = Trust, TicketStore = store };
        for (int visit = 0; visit < 3; visit++)
        {
            var (client, _) = await ConnectAsync(engine, server, o => o with { Tls = tls });
            await Echo.RoundTripAsync(client, "a visit");
            await store.TokenAsync();
            Assert.AreEqual(1, server.State.Retries, "Only the first visit is asked.");
            Assert.AreEqual(visit, store.TokensTaken);
        }
    }

    // Loopback has one address of IPv6; a client that comes from it may have been seen at one of IPv4 before.
    [TestMethod]
    [DataRow("127.0.0.1", "127.0.0.1", "127.0.0.8")]
    [DataRow("::", "127.0.0.1", "::1")]
    [DataRow("::", "::1", "127.0.0.1")]
    public async Task Connect_WithATokenFromAnotherAddress_IsAskedAgainAndNotRefused(string listening, string first, string second)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(listening) with { RetryThreshold = 0 });
        var store = new WatchedTicketStore();
        var tls = new ClientTlsOptions { ServerCertificatePolicy = Trust, TicketStore = store };
        ConnectOptions From(ConnectOptions options, string address)
        {
            var from = IPAddress.Parse(address);
            IPAddress to = listening != "::" ? server.EndPoint.Address : from;
            return options with { Tls = tls, RemoteEndPoint = new IPEndPoint(to, server.EndPoint.Port), LocalEndPoint = new IPEndPoint(from, 0) };
        }

        var (client, _) = await ConnectAsync(engine, server, o => From(o, first));
        await Echo.RoundTripAsync(client, "first address");
        await store.TokenAsync();

        // RFC 9000, section 8.1.3: such a token is as good as none.
        var (moved, accepted) = await ConnectAsync(engine, server, o => From(o, second));
        await Echo.RoundTripAsync(moved, "second address");
        Assert.AreEqual(1, store.TokensTaken);
        Assert.AreEqual(2, server.State.Retries);
        Assert.AreEqual(IPAddress.Parse(second), accepted.RemoteEndPoint.Address);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WithTooManyHandshakesUnderWay_IsRefusedUntilOneEnds(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { MaxHandshakes = 2 });
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        await relay.HoldAsync();
        Task<TransportConnection>[] waiting = [engine.ConnectAsync(ConnectTo(relay.EndPoint)).AsTask(), engine.ConnectAsync(ConnectTo(relay.EndPoint)).AsTask()];
        await Waiting.Until(() => server.State.Handshakes == 2);
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.AreEqual(ConnectionRefused, failure.TransportErrorCode);
        Assert.Contains("CONNECTION_REFUSED", failure.Message);
        Assert.IsTrue(failure.IsSafeToRetry);
        Assert.AreEqual(1, server.State.Refusals);

        await relay.ReleaseAsync();
        foreach (Task<TransportConnection> attempt in waiting)
        {
            await Echo.RoundTripAsync(Own(await attempt.WithTimeout()), "let through");
        }

        TransportConnection next = Own(await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        await Echo.RoundTripAsync(next, "room again");
    }

    // A long header of type Retry: 3 in version 1, 0 in version 2 (RFC 9000, section 17.2; RFC 9369, section 3.2).
    private static bool IsRetry(ReadOnlySpan<byte> data) => (data[0] & 0x80) != 0 && data[4] == 1 && (data[0] & 0x30) == 0x30;
}
