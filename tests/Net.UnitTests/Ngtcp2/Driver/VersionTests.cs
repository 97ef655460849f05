using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>QUIC versions: the client begins with one, and the server may lead to another (RFC 9368).</summary>
[TestClass]
public sealed class VersionTests : DriverTest
{
    [TestMethod]
    [DataRow("1,2", "2,1", QuicVersion.Version2)]
    [DataRow("1,2", "1,2", QuicVersion.Version1)]
    [DataRow("2,1", "1,2", QuicVersion.Version1)]
    [DataRow("2,1", "2,1", QuicVersion.Version2)]
    [DataRow("2", "1,2", QuicVersion.Version2)]
    [DataRow("1", "2,1", QuicVersion.Version1)]
    [DataRow("1", "1", QuicVersion.Version1)]
    public void Versions_BothSpeak_LeadToTheServersChoiceWithoutARoundTripMore(string client, string server, QuicVersion expected)
    {
        using var pair = new DriverPair(listen: o => o with { Versions = Parse(server) });
        Ngtcp2Connection connection = pair.Connect(o => o with { Versions = Parse(client) });
        pair.Network.RunUntil(() => connection.HandshakeCompletion.IsCompleted);
        Assert.AreEqual(Milliseconds(20), pair.Network.Elapsed);
        pair.Network.RunUntil(() => pair.Accepted.Count == 1);
        Assert.AreEqual(expected, connection.Version);
        Assert.AreEqual(expected, pair.Accepted[0].Version);
        Assert.AreEqual(0, pair.State.VersionNegotiations);
        Ngtcp2Stream stream = DriverPair.Open(connection);
        Task<string> sent = Application.SendAsync(stream.Output, 1, 100_000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.RunAll([sent, echo, Application.EchoAsync(pair.Accept(pair.Accepted[0]))]);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        pair.CloseAndCheckEmpty(connection);
    }

    [TestMethod]
    [DataRow("2", "1")]
    [DataRow("1", "2")]
    public void Versions_WithoutACommonOne_FailAfterOneRoundTrip(string client, string server)
    {
        using var pair = new DriverPair(listen: o => o with { Versions = Parse(server) });
        Ngtcp2Connection connection = pair.Connect(o => o with { Versions = Parse(client) });
        pair.Network.RunUntil(() => connection.Closed.IsCompleted);
        Assert.AreEqual(Milliseconds(20), pair.Network.Elapsed);
        Assert.AreEqual(TransportError.ConnectFailed, connection.Closed.Result.Error);
        Assert.Contains("versions", connection.Closed.Result.Reason);
        Assert.AreEqual(1, pair.State.VersionNegotiations);
        pair.CheckEmpty();
    }

    private static QuicVersion[] Parse(string versions) =>
        [.. versions.Split(',').Select(static v => v == "1" ? QuicVersion.Version1 : QuicVersion.Version2)];
}
