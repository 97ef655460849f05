using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Net.Aql;
using Net.IntegrationTests.Setup;
using Net.Protocol.Aql;
using Net.Testing;

namespace Net.IntegrationTests.Aql;

/// <summary>Stores on real disks, in processes that are really killed.</summary>
[TestClass]
public sealed class StoreOnDiskTests
{
    private const int Writers = 4;
    private const int Kills = 12;

    [TestMethod]
    public async Task Store_ProcessKilledManyTimes_HasEveryAcknowledgedWrite()
    {
        Random random = TestSeed.TakeRandom();
        using var directory = new TemporaryDirectory();
        long[] acknowledged = new long[Writers];
        long total = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            long first = acknowledged.Max() + 2;
            using (WriterProcess writer = await WriterProcess.StartAsync(directory.Combine("data"), Writers, first))
            {
                await writer.ReadAndKillAsync(random.Next(1, 300), (number, value) =>
                {
                    acknowledged[number] = Math.Max(acknowledged[number], value);
                    total++;
                });
            }

            await using AqlStore store = AqlStore.Open(directory.Combine("data"));
            var engine = new AqlEngine(store, TimeProvider.System);
            for (int writer = 0; writer < Writers; writer++)
            {
                long left = await ReadAsync(engine, $"left-{writer}");
                long right = await ReadAsync(engine, $"right-{writer}");

                Assert.AreEqual(left, right, $"kill {kill}: half a batch");
                Assert.IsGreaterThanOrEqualTo(acknowledged[writer], left, $"kill {kill}, writer {writer}: an acknowledged write is lost");
                // More may have been written than the pipe still told of; what is there then counts from here on.
                acknowledged[writer] = left;
            }
        }

        Assert.IsGreaterThan(Kills, total);
    }

    [TestMethod]
    public async Task Open_DirectoryInUse_IsRefusedAndSaysSo()
    {
        using var directory = new TemporaryDirectory();
        await using (AqlStore store = AqlStore.Open(directory.Path))
        {
            AqlException here = Assert.ThrowsExactly<AqlException>(() => AqlStore.Open(directory.Path));
            Assert.AreEqual(ErrorCode.StorageIo, here.Code);
            Assert.Contains("is open already", here.Message);
            InvalidOperationException there = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => WriterProcess.StartAsync(directory.Path, 1, 1));
            Assert.Contains("is open already", there.Message);
        }

        await AqlStore.Open(directory.Path).DisposeAsync();
    }

    [TestMethod]
    public async Task Open_DirectoryMissing_IsMadeWithItsParents()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Combine("a/b/c");
        await using (AqlStore store = AqlStore.Open(path))
        {
            Assert.IsTrue(store.IsDurable);
            if (!OperatingSystem.IsWindows())
            {
                // The rows are nobody else's to read.
                Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
            }

            await SetAsync(new AqlEngine(store, TimeProvider.System), "k", "v");
        }

        await using AqlStore again = AqlStore.Open(path);
        Assert.AreEqual(1, again.RowCount);
    }

    [TestMethod]
    public void Open_PathOfAFile_SaysWhatToDo()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.Combine("file"), "");

        AqlException thrown = Assert.ThrowsExactly<AqlException>(() => AqlStore.Open(directory.Combine("file")));

        Assert.AreEqual(ErrorCode.StorageIo, thrown.Code);
        Assert.Contains("Name a directory", thrown.Message);
    }

    [TestMethod]
    public async Task Compact_OnDisk_LeavesASnapshotALogAndTheLock()
    {
        using var directory = new TemporaryDirectory();
        await using (AqlStore store = AqlStore.Open(directory.Path))
        {
            await SetAsync(new AqlEngine(store, TimeProvider.System), "k", "v");
            await store.CompactAsync().WithTimeout();
        }

        Assert.AreEqual(
            "lock log-0000000000000001.aql snapshot-0000000000000001.aql",
            string.Join(' ', Directory.GetFiles(directory.Path).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)));
        await using AqlStore again = AqlStore.Open(directory.Path);
        Assert.AreEqual(new AqlRecovery(1, 0, 0, null), again.Recovery);
    }

    [TestMethod]
    public async Task Write_OnADiskThatIsFull_IsRefusedAndHealsWithoutRestart()
    {
        using var directory = new TemporaryDirectory();
        string mount = directory.Combine("disk");
        Directory.CreateDirectory(mount);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mount);
        try
        {
            int acknowledged = 0;
            string filler = Path.Combine(mount, "filler");
            await File.WriteAllBytesAsync(filler, new byte[128 << 10]);
            string data = Path.Combine(mount, "data");
            await using (AqlStore store = AqlStore.Open(data))
            {
                var engine = new AqlEngine(store, TimeProvider.System);
                ErrorResponse? error = null;
                while (error is null)
                {
                    error = (await engine.ExecuteQueryAsync(Set($"k{acknowledged:d4}", new string('v', 1000))).WithTimeout()).Error;
                    acknowledged += error is null ? 1 : 0;
                    Assert.IsLessThan(1000, acknowledged, "The disk takes more than it has room for.");
                }

                Assert.AreEqual(ErrorCode.StorageFull, error.Code, error.Message);
                Assert.AreEqual(ErrorCode.StorageFull, (await engine.ExecuteQueryAsync(Set("k-refused", new string('v', 20_000))).WithTimeout()).Error?.Code);
                Assert.AreEqual(acknowledged, store.RowCount);

                File.Delete(filler);
                await SetAsync(engine, "k-after", "v");
                Assert.AreEqual(AqlStoreCondition.Healthy, store.Condition);
            }

            await using AqlStore again = AqlStore.Open(data);
            Assert.AreEqual(acknowledged + 1, again.RowCount);
            Assert.AreEqual(0, again.Recovery.CutBytes);
        }
        finally
        {
            await RunAsync("umount", mount);
        }
    }

    private static QueryRequest Set(string key, string value) => new()
    {
        Query = new Query
        {
            Set = new SetQuery { Collection = "c", Key = new Key { Data = ByteString.CopyFromUtf8(key) }, Value = new CipherBlob { Data = ByteString.CopyFromUtf8(value) } },
        },
    };

    private static async Task SetAsync(AqlEngine engine, string key, string value)
    {
        QueryResponse response = await engine.ExecuteQueryAsync(Set(key, value)).WithTimeout();
        Assert.IsNull(response.Error, response.Error?.Message);
    }

    private static async Task<long> ReadAsync(AqlEngine engine, string key)
    {
        QueryResponse response = await engine.ExecuteQueryAsync(new QueryRequest
        {
            Query = new Query { Get = new GetQuery { Collection = "numbers", Key = new Key { Data = ByteString.CopyFromUtf8(key) } } },
        });
        return response.Result.Single.Value is { } value ? long.Parse(value.Data.ToStringUtf8(), CultureInfo.InvariantCulture) : 0;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("A disk of a chosen size can be had on Linux only, as a tmpfs.");
        }

        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string error = await process.StandardError.ReadToEndAsync().WithTimeout();
        await process.WaitForExitAsync().WithTimeout();
        if (process.ExitCode != 0)
        {
            SetupRequirement.Missing($"{program} {string.Join(' ', arguments)} failed, which needs root: {error}");
        }
    }
}
