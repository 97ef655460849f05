using System.Globalization;
using System.Text;
using Net.Ngtcp2.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

[TestClass]
public sealed class KeyLogTests : IDisposable
{
    private static readonly string[] FullHandshakeLabels =
    [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
    ];

    private readonly string _directory = Directory.CreateTempSubdirectory("keylog").FullName;

    [TestMethod]
    public void Handshake_BothSidesLog_SameSecretsUnderSameClientRandom()
    {
        NativeRequirement.Libraries();
        var world = new TlsWorld { KeyLogFile = PathOf("client"), ServerKeyLogFile = PathOf("server") };
        using (TlsPair pair = TlsPair.Run(world))
        {
            Assert.IsTrue(pair.Client.IsConfirmed);
        }

        HashSet<string> client = ReadLines("client");
        HashSet<string> server = ReadLines("server");
        Assert.IsTrue(client.SetEquals(server), string.Join('\n', client.Except(server).Concat(server.Except(client))));
        CollectionAssert.IsSubsetOf(FullHandshakeLabels, client.Select(static line => line.Split(' ')[0]).ToArray());
        string[] randoms = [.. client.Select(static line => line.Split(' ')[1]).Distinct()];
        Assert.HasCount(1, randoms);
        Assert.AreEqual(64, randoms[0].Length);
        foreach (string line in client)
        {
            string[] parts = line.Split(' ');
            Assert.HasCount(3, parts);
            Assert.AreEqual(64, parts[2].Length, "a secret of SHA-256");
            Assert.IsTrue(parts[1].Concat(parts[2]).All(char.IsAsciiHexDigitLower), line);
        }
    }

    [TestMethod]
    public void Handshake_EarlyData_EarlySecretLogged()
    {
        NativeRequirement.Libraries();
        var world = new TlsWorld { AllowEarlyData = true, KeyLogFile = PathOf("client") };
        world.ServerTls = world.ServerTls with { AllowEarlyData = true };
        using TlsPair first = TlsPair.Run(world);
        using TlsPair second = TlsPair.Run(world, first.Client.Ticket(0), "early");
        Assert.IsTrue(second.Client.Tls.IsEarlyDataAccepted);
        Assert.IsTrue(ReadLines("client").Any(static line => line.StartsWith("CLIENT_EARLY_TRAFFIC_SECRET ", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Handshake_NoFileNamed_NothingWritten()
    {
        NativeRequirement.Libraries();
        using TlsPair pair = TlsPair.Run(new TlsWorld());
        Assert.IsEmpty(Directory.GetFiles(_directory));
    }

    [TestMethod]
    public void Handshake_FileCannotBeOpened_IoException()
    {
        NativeRequirement.Libraries();
        var world = new TlsWorld { KeyLogFile = Path.Combine(_directory, "absent", "log") };
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => TlsPair.Run(world));
    }

    [TestMethod]
    public void Open_NewFile_OnlyOwnerMayRead()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no file modes.");
            return;
        }

        using KeyLogWriter writer = KeyLogWriter.Open(PathOf("log"));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf("log")));
    }

    [TestMethod]
    public void Write_ExistingFile_Appends()
    {
        File.WriteAllText(PathOf("log"), "# kept\n");
        using (KeyLogWriter writer = KeyLogWriter.Open(PathOf("log")))
        {
            writer.Write("LABEL"u8, [0x01, 0xab], [0xff]);
        }

        Assert.AreEqual("# kept\nLABEL 01ab ff\n", File.ReadAllText(PathOf("log")));
    }

    [TestMethod]
    public void Open_SameFileTwice_OneWriterUntilTheLastIsDisposed()
    {
        KeyLogWriter first = KeyLogWriter.Open(PathOf("log"));
        KeyLogWriter second = KeyLogWriter.Open(Path.Combine(_directory, ".", "log"));
        Assert.AreSame(first, second);
        first.Dispose();
        second.Write("A"u8, [1], [2]);
        second.Dispose();
        second.Write("B"u8, [1], [2]);
        Assert.AreEqual("A 01 02\n", File.ReadAllText(PathOf("log")));
        using KeyLogWriter third = KeyLogWriter.Open(PathOf("log"));
        Assert.AreNotSame(first, third);
    }

    [TestMethod]
    public async Task Write_ManyThreads_NoLineIsBroken()
    {
        using KeyLogWriter writer = KeyLogWriter.Open(PathOf("log"));
        await Parallel.ForAsync(0, 500, (i, _) =>
        {
            byte[] number = BitConverter.GetBytes(i);
            writer.Write(Encoding.ASCII.GetBytes("L" + i.ToString(CultureInfo.InvariantCulture)), number, number);
            return ValueTask.CompletedTask;
        });
        string[] lines = File.ReadAllLines(PathOf("log"));
        Assert.HasCount(500, lines);
        foreach (string line in lines)
        {
            string[] parts = line.Split(' ');
            int number = int.Parse(parts[0].AsSpan(1), CultureInfo.InvariantCulture);
            string hex = Convert.ToHexStringLower(BitConverter.GetBytes(number));
            Assert.AreEqual($"L{number} {hex} {hex}", line);
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string PathOf(string name) => Path.Combine(_directory, name);

    private HashSet<string> ReadLines(string name) => [.. File.ReadAllLines(PathOf(name))];
}
