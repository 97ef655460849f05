using System.Globalization;
using System.Text;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Packet protection keys: updates, and the log that lets an analyser read the packets.</summary>
[TestClass]
public sealed class KeyTests : Ngtcp2Test
{
    private static readonly string[] Labels =
        ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"];

    [TestMethod]
    [DataRow("127.0.0.1", QuicVersion.Version1)]
    [DataRow("::1", QuicVersion.Version1)]
    [DataRow("127.0.0.1", QuicVersion.Version2)]
    [DataRow("::1", QuicVersion.Version2)]
    public async Task UpdateKeys_ByBothSidesInTurn_KeepsTheConnection(string address, QuicVersion version)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Versions = [version] });
        var (client, accepted) = await ConnectAsync(engine, server, o => o with { Versions = [version] });
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        for (int update = 0; update < 6; update++)
        {
            // An update is refused until the one before it was acknowledged under its keys: that it is taken in the end shows that the peer has followed (RFC 9001, section 6.1).
            TransportConnection side = update % 2 == 0 ? client : accepted;
            await Waiting.Until(async () =>
            {
                await Echo.ExchangeAsync(stream, Echo.Payload(2000, update));
                return await TryUpdateAsync(side);
            });
        }

        await Echo.RoundTripAsync(client, Echo.Payload(500_000));
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task UpdateKeys_RightAfterConnecting_Works(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        for (int i = 0; i < 10; i++)
        {
            // A client without a certificate is through before its handshake is confirmed, and an update waits for that.
            TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
            await client.UpdateKeysAsync().WithTimeout();
            await Echo.RoundTripAsync(client, "new keys");
        }
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task KeyLogFile_OfBothSides_HoldsTheSameSecretsAndIsForItsOwnerOnly(string address)
    {
        using var directory = new TemporaryDirectory();
        string clientFile = directory.Combine("client.keys");
        string serverFile = directory.Combine("server.keys");
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { KeyLogFile = serverFile });
        var (client, _) = await ConnectAsync(engine, server, o => o with { KeyLogFile = clientFile });
        await Echo.RoundTripAsync(client, "logged");

        foreach (string file in (string[])[clientFile, serverFile])
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(file));
        }

        string[] lines = await File.ReadAllLinesAsync(clientFile);
        CollectionAssert.AreEquivalent(lines, await File.ReadAllLinesAsync(serverFile));
        CollectionAssert.AreEquivalent(Labels, lines.Select(static line => line.Split(' ')[0]).ToArray());
        foreach (string[] parts in lines.Select(static line => line.Split(' ')))
        {
            // label, 32 bytes of client random, a secret as long as the hash of the cipher suite
            Assert.HasCount(3, parts);
            Assert.HasCount(32, Convert.FromHexString(parts[1]));
            Assert.HasCount(client.CipherSuite!.EndsWith("SHA384", StringComparison.Ordinal) ? 48 : 32, Convert.FromHexString(parts[2]));
        }

        Assert.HasCount(1, lines.Select(static line => line.Split(' ')[1]).Distinct());
        var (second, _) = await ConnectAsync(engine, server, o => o with { KeyLogFile = clientFile });
        await Echo.RoundTripAsync(second, "appended");
        Assert.HasCount(2 * Labels.Length, await File.ReadAllLinesAsync(clientFile));
    }

    [TestMethod]
    [DataRow("127.0.0.1", QuicVersion.Version1)]
    [DataRow("::1", QuicVersion.Version1)]
    [DataRow("127.0.0.1", QuicVersion.Version2)]
    [TestCategory("Interop")]
    public async Task KeyLogFile_GivenToAnAnalyser_ShowsDataAndKeyUpdatesOfBothSides(string address, QuicVersion version)
    {
        SetupRequirement.Program("tshark");
        using var directory = new TemporaryDirectory();
        string keys = directory.Combine("keys");
        string packets = directory.Combine("packets.pcap");
        var capture = new PacketCapture();
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Versions = [version] });
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, capture.Observe));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint) with { KeyLogFile = keys, Versions = [version] }).WithTimeout());
        TransportConnection accepted = await server.NextConnectionAsync();
        await Echo.RoundTripAsync(client, "in the first phase");
        await client.UpdateKeysAsync().WithTimeout();
        await Echo.RoundTripAsync(client, "in the second phase");
        await Waiting.Until(async () =>
        {
            await Echo.RoundTripAsync(client, "between");
            return await TryUpdateAsync(accepted);
        });
        await Echo.RoundTripAsync(client, "in the third phase");
        await client.CloseAsync(0).WithTimeout();
        capture.Save(packets);

        string[] shown = await AnalyseAsync(packets, keys);
        foreach (string text in (string[])["in the first phase", "in the second phase", "in the third phase"])
        {
            string hex = Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
            foreach (string port in (string[])["50000", "4433"])
            {
                Assert.IsTrue(shown.Any(line => line.StartsWith(port, StringComparison.Ordinal) && line.Contains(hex, StringComparison.Ordinal)), $"'{text}' from port {port} is not among what the analyser read.");
            }
        }

        // Source port, key phases, data: each side has used both phases.
        foreach (string port in (string[])["50000", "4433"])
        {
            string[] phases = [.. shown.Where(line => line.StartsWith(port, StringComparison.Ordinal)).SelectMany(static line => line.Split('\t')[1].Split(',')).Distinct()];
            Assert.Contains("0", phases);
            Assert.Contains("1", phases);
        }
    }

    private static async Task<bool> TryUpdateAsync(TransportConnection side)
    {
        try
        {
            await side.UpdateKeysAsync().WithTimeout();
            return true;
        }
        catch (TransportException exception) when (!side.Closed.IsCompleted)
        {
            Assert.Contains("cannot be updated now", exception.Message);
            return false;
        }
    }

    private static async Task<string[]> AnalyseAsync(string packets, string keys)
    {
        ScriptResult result = await ScriptRun.StartAsync("tshark",
        [
            "-n", "-r", packets, "-o", $"tls.keylog_file:{keys}", "-d", string.Create(CultureInfo.InvariantCulture, $"udp.port=={PacketCapture.ServerPort},quic"),
            "-T", "fields", "-e", "udp.srcport", "-e", "quic.key_phase", "-e", "quic.stream_data",
        ]);
        Assert.AreEqual(0, result.ExitCode, result.Everything);
        return result.OutputLines;
    }
}
