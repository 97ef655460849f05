using Net.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql.Durability;

/// <summary>What a store finds when it is opened again: torn ends are cut, damage is an error that says where.</summary>
[TestClass]
public sealed class RecoveryTests
{
    [TestMethod]
    public async Task Open_AfterWrites_HasThemAll()
    {
        var disk = new SimulatedDisk();
        await using (var first = new StoreFixture(disk))
        {
            await first.Engine.FillAsync("c", "abc");
            await first.Engine.AnswerAsync(Delete("c", "b"));
            await first.Engine.ExecuteBatchAsync(Batch(Set("c", "d", "x"), Update("c", Eq("key", "d"), SetTo("version", "7")), Set("other", "k", "v")));
        }

        await using var second = new StoreFixture(disk);

        Assert.AreEqual("a=1 c=3 d=x", await second.RowsAsync());
        Assert.AreEqual(7u, (await second.Engine.AnswerAsync(Get("c", "d"))).Single.Value.Metadata.Version);
        Assert.AreEqual("k=v", await second.Engine.ListAsync(Range("other")));
        Assert.AreEqual(new AqlRecovery(0, 5, 0, null), second.Store.Recovery);
        await second.SetAsync("e", "5");
    }

    [TestMethod]
    public async Task Open_LogCutAtEveryByte_HasTheWholeFramesBeforeIt()
    {
        (byte[] log, List<int> ends) = await MakeLogAsync();
        for (int length = ends[0]; length <= log.Length; length++)
        {
            var disk = new SimulatedDisk { [StoreFixture.FirstLog] = log[..length] };
            int whole = ends.FindLastIndex(end => end <= length);

            (string rows, AqlRecovery recovery) = await StoreFixture.ReadAsync(disk);

            Assert.AreEqual(RowsAfter(whole), rows, $"cut at byte {length}");
            Assert.AreEqual(new AqlRecovery(0, whole, length - ends[whole], length == ends[whole] ? null : "disk:" + StoreFixture.FirstLog), recovery);
            Assert.HasCount(ends[whole], disk[StoreFixture.FirstLog]);
        }
    }

    [TestMethod]
    public async Task Open_TornEndOfEveryLength_CanBeWrittenAfter()
    {
        (byte[] log, List<int> ends) = await MakeLogAsync();
        for (int length = ends[^2]; length <= log.Length; length += 7)
        {
            var disk = new SimulatedDisk { [StoreFixture.FirstLog] = log[..length] };
            await using (var fixture = new StoreFixture(disk))
            {
                await fixture.SetAsync("z", "after");
            }

            Assert.AreEqual(RowsAfter(length == log.Length ? 5 : 4) + " z=after", (await StoreFixture.ReadAsync(disk)).Rows);
        }
    }

    [TestMethod]
    public async Task Open_AnyByteDamagedBeforeTheLastFrame_IsAnErrorThatSaysWhere()
    {
        (byte[] log, List<int> ends) = await MakeLogAsync();
        for (int at = 0; at < ends[^2]; at++)
        {
            var disk = new SimulatedDisk { [StoreFixture.FirstLog] = Damage(log, at) };

            AqlException thrown = StoreFixture.OpenFails(disk);

            Assert.Contains("disk:" + StoreFixture.FirstLog, thrown.Message);
            if (at >= FileHeader.Size)
            {
                int frame = ends.FindLastIndex(end => end <= at);
                Assert.Contains($"at byte {ends[frame]} a frame is broken, yet at byte {ends[frame + 1]} the log goes on", thrown.Message, $"byte {at}");
                Assert.Contains($"from commit {frame + 1} on", thrown.Message);
            }
        }
    }

    [TestMethod]
    public async Task Open_LastFrameDamaged_IsCutWithAMessage()
    {
        // Whether the last write was torn by a crash or damaged later cannot be told; the message says what was cut.
        (byte[] log, List<int> ends) = await MakeLogAsync();
        for (int at = ends[^2]; at < log.Length; at++)
        {
            (string rows, AqlRecovery recovery) = await StoreFixture.ReadAsync(new SimulatedDisk { [StoreFixture.FirstLog] = Damage(log, at) });

            Assert.AreEqual(RowsAfter(4), rows);
            Assert.AreEqual(log.Length - ends[^2], recovery.CutBytes);
        }
    }

    [TestMethod]
    public async Task Open_FrameMissingOrTwice_IsAnError()
    {
        (byte[] log, List<int> ends) = await MakeLogAsync();

        Assert.Contains("begins with commit 3 where 2 was expected", StoreFixture.OpenFails(new SimulatedDisk { [StoreFixture.FirstLog] = [.. log[..ends[1]], .. log[ends[2]..]] }).Message);
        Assert.Contains("begins with commit 2 where 3 was expected", StoreFixture.OpenFails(new SimulatedDisk { [StoreFixture.FirstLog] = [.. log[..ends[2]], .. log[ends[1]..]] }).Message);
    }

    [TestMethod]
    public async Task Open_TornFrameWithAForgedFrameInAValue_IsCut()
    {
        // A frame as anybody could make who knows the format, yet not this log's salt.
        byte[] forged = new byte[Frame.HeaderSize + 20];
        Frame.Seal(forged, 7, new FileHeader(StoreFileKind.Log, 0, 1234).Seed);
        var disk = new SimulatedDisk();
        await using (var fixture = new StoreFixture(disk))
        {
            await fixture.SetAsync("a", "1");
            Net.Protocol.Aql.Query query = Set("c", "b", "");
            query.Set.Value.Data = Google.Protobuf.ByteString.CopyFrom([.. forged, .. forged]);
            await fixture.Engine.AnswerAsync(query);
        }

        disk[StoreFixture.FirstLog] = disk[StoreFixture.FirstLog][..^1];

        Assert.AreEqual("a=1", (await StoreFixture.ReadAsync(disk)).Rows);
    }

    [TestMethod]
    public async Task Open_ZerosOrGarbageAfterTheLastFrame_AreCut()
    {
        (byte[] log, _) = await MakeLogAsync();
        Random random = TestSeed.TakeRandom();
        foreach (int length in new[] { 1, 23, 24, 4096, 200_000 })
        {
            byte[] garbage = new byte[length];
            Assert.AreEqual(RowsAfter(5), (await StoreFixture.ReadAsync(new SimulatedDisk { [StoreFixture.FirstLog] = [.. log, .. garbage] })).Rows);
            random.NextBytes(garbage);
            (string rows, AqlRecovery recovery) = await StoreFixture.ReadAsync(new SimulatedDisk { [StoreFixture.FirstLog] = [.. log, .. garbage] });
            Assert.AreEqual(RowsAfter(5), rows);
            Assert.AreEqual(length, recovery.CutBytes);
        }
    }

    [TestMethod]
    public async Task Open_DamageFarBeforeTheNextFrame_IsFound()
    {
        var disk = new SimulatedDisk();
        await using (var fixture = new StoreFixture(disk))
        {
            await fixture.SetAsync("a", new string('x', 150_000));
            await fixture.SetAsync("b", "2");
        }

        disk[StoreFixture.FirstLog] = Damage(disk[StoreFixture.FirstLog], FileHeader.Size + 4);

        Assert.Contains($"at byte {FileHeader.Size} a frame is broken", StoreFixture.OpenFails(disk).Message);
    }

    [TestMethod]
    public async Task Open_LogOfAnotherFormat_IsAnError()
    {
        (byte[] log, _) = await MakeLogAsync();

        Assert.Contains("does not begin like a log", StoreFixture.OpenFails(new SimulatedDisk { [StoreFixture.FirstLog] = Damage(log, 0) }).Message);
        Assert.Contains("has 39 bytes where a header has 40", StoreFixture.OpenFails(new SimulatedDisk { [StoreFixture.FirstLog] = log[..39] }).Message);
        Assert.Contains("it was renamed", StoreFixture.OpenFails(new SimulatedDisk { [StoreFixture.FirstLog] = new FileHeader(StoreFileKind.Log, 5, 1).ToBytes() }).Message);
    }

    [TestMethod]
    public async Task Open_LogMissing_IsAnErrorThatNamesIt()
    {
        SimulatedDisk disk = await MakeCompactedAsync();
        string snapshot = disk.Names.Single(n => n.StartsWith("snapshot-", StringComparison.Ordinal));
        string log = disk.Names.Single(n => n.StartsWith("log-", StringComparison.Ordinal));
        byte[] snapshotBytes = disk[snapshot];

        disk.Remove(snapshot);
        Assert.Contains("disk:" + StoreFixture.FirstLog + " is missing", StoreFixture.OpenFails(disk).Message);

        disk[snapshot] = snapshotBytes;
        disk.Remove(log);
        Assert.Contains($"disk:{log} is missing", StoreFixture.OpenFails(disk).Message);
    }

    [TestMethod]
    public async Task Open_AnyByteOfASnapshotDamaged_IsAnError()
    {
        SimulatedDisk disk = await MakeCompactedAsync();
        string name = disk.Names.Single(n => n.StartsWith("snapshot-", StringComparison.Ordinal));
        byte[] snapshot = disk[name];
        for (int at = 0; at < snapshot.Length; at++)
        {
            disk[name] = Damage(snapshot, at);
            Assert.Contains("disk:" + name, StoreFixture.OpenFails(disk).Message);
            disk[name] = snapshot[..at];
            Assert.Contains("disk:" + name, StoreFixture.OpenFails(disk).Message);
        }

        disk[name] = [.. snapshot, 0];
        StoreFixture.OpenFails(disk);
        disk[name] = snapshot;
        Assert.AreEqual("a=1 b=2 c=3 d=4", (await StoreFixture.ReadAsync(disk)).Rows);
    }

    [TestMethod]
    public async Task Open_LeftoversOfACrash_AreDeletedAndOthersFilesAreNot()
    {
        SimulatedDisk disk = await MakeCompactedAsync();
        string[] names = [.. disk.Names];
        disk["snapshot-0000000000000009.aql.new"] = [1, 2, 3];
        disk["log-0000000000000009.aql.new"] = [];
        disk["notes.txt"] = [4];
        disk["snapshot-0000000000000001.aql"] = [5];

        Assert.AreEqual("a=1 b=2 c=3 d=4", (await StoreFixture.ReadAsync(disk)).Rows);

        CollectionAssert.AreEquivalent((string[])[.. names, "notes.txt"], disk.Names.ToArray());
    }

    [TestMethod]
    public async Task Compact_Rows_AreInOneSnapshotAndTheLogIsEmpty()
    {
        SimulatedDisk disk = await MakeCompactedAsync();

        Assert.AreEqual("log-0000000000000003.aql snapshot-0000000000000003.aql", string.Join(' ', disk.Names));
        (string rows, AqlRecovery recovery) = await StoreFixture.ReadAsync(disk);
        Assert.AreEqual("a=1 b=2 c=3 d=4", rows);
        Assert.AreEqual(new AqlRecovery(3, 1, 0, null), recovery);
    }

    [TestMethod]
    public async Task Compact_EmptyStoreOrTwice_KeepsWhatIsThere()
    {
        await using var fixture = new StoreFixture();
        await fixture.Store.CompactAsync().WithTimeout();
        await fixture.SetAsync("a", "1");
        await fixture.Store.CompactAsync().WithTimeout();
        await fixture.Store.CompactAsync().WithTimeout();
        await fixture.SetAsync("b", "2");
        await fixture.DisposeAsync();

        Assert.AreEqual("a=1 b=2", (await StoreFixture.ReadAsync(fixture.Disk)).Rows);
    }

    [TestMethod]
    public async Task Compact_ByItself_KeepsTheDirectorySmall()
    {
        var options = new AqlStoreOptions { CompactionBytes = 4 << 10 };
        var disk = new SimulatedDisk();
        await using (var fixture = new StoreFixture(disk, options))
        {
            for (int i = 0; i < 2000; i++)
            {
                await fixture.SetAsync($"k{i % 10}", $"{i}");
            }

            await fixture.Store.CompactAsync().WithTimeout();
            Assert.IsLessThan(10_000, disk.Names.Sum(name => disk[name].Length));
            Assert.HasCount(2, disk.Names);
        }

        Assert.AreEqual(string.Join(' ', Enumerable.Range(0, 10).Select(i => $"k{i}={1990 + i}")), (await StoreFixture.ReadAsync(disk)).Rows);
    }

    private static async Task<SimulatedDisk> MakeCompactedAsync()
    {
        await using var fixture = new StoreFixture();
        await fixture.Engine.FillAsync("c", "abc");
        await fixture.Store.CompactAsync().WithTimeout();
        await fixture.SetAsync("d", "4");
        return fixture.Disk;
    }

    // A log of five frames, and where its header and each frame end.
    private static async Task<(byte[] Log, List<int> Ends)> MakeLogAsync()
    {
        var ends = new List<int>();
        await using var fixture = new StoreFixture();
        ends.Add(fixture.Disk[StoreFixture.FirstLog].Length);
        for (int i = 1; i <= 5; i++)
        {
            await fixture.SetAsync($"k{i}", new string('v', i * 3));
            ends.Add(fixture.Disk[StoreFixture.FirstLog].Length);
        }

        return (fixture.Disk[StoreFixture.FirstLog], ends);
    }

    private static string RowsAfter(int frames) => string.Join(' ', Enumerable.Range(1, frames).Select(i => $"k{i}={new string('v', i * 3)}"));

    private static byte[] Damage(byte[] bytes, int at)
    {
        byte[] damaged = (byte[])bytes.Clone();
        damaged[at] ^= 0x10;
        return damaged;
    }
}
