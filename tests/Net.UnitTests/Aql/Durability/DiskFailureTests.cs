using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql.Durability;

/// <summary>Full, failing and slow disks: what callers are told, and what they see meanwhile.</summary>
[TestClass]
public sealed class DiskFailureTests
{
    [TestMethod]
    public async Task Write_DiskFull_IsRefusedUntilThereIsRoom()
    {
        await using var fixture = new StoreFixture();
        await fixture.SetAsync("a", "1");
        fixture.Disk.Capacity = fixture.Disk[StoreFixture.FirstLog].Length + 10;
        for (int i = 0; i < 3; i++)
        {
            ErrorResponse error = await fixture.Engine.RefusalAsync(Set("c", "b", "refused"));
            Assert.AreEqual(ErrorCode.StorageFull, error.Code);
            Assert.AreEqual(5u, error.RetryAfter);
            Assert.AreEqual(AqlStoreCondition.Full, fixture.Store.Condition);
            Assert.AreEqual("a=1", await fixture.RowsAsync());
        }

        HealthCheckResponse health = fixture.Engine.CheckHealth(new HealthCheckRequest());
        Assert.AreEqual(HealthStatus.HealthServing, health.Status);
        Assert.Contains("full", health.Message);

        fixture.Disk.Capacity = long.MaxValue;
        await fixture.SetAsync("c", "3");
        Assert.AreEqual(AqlStoreCondition.Healthy, fixture.Store.Condition);
        Assert.IsFalse(fixture.Engine.CheckHealth(new HealthCheckRequest()).HasMessage);
        await fixture.DisposeAsync();

        (string rows, AqlRecovery recovery) = await StoreFixture.ReadAsync(fixture.Disk);
        Assert.AreEqual("a=1 c=3", rows);
        Assert.AreEqual(0, recovery.CutBytes);
    }

    [TestMethod]
    public async Task Write_RefusedByAFullDiskThenPowerLost_DoesNotComeBack()
    {
        Random random = TestSeed.TakeRandom();
        for (int round = 0; round < 50; round++)
        {
            await using var fixture = new StoreFixture();
            await fixture.SetAsync("a", "1");
            // The bytes are all written; only waiting for the disk fails, as with file systems that find room late.
            int flushes = 0;
            fixture.Disk.Before = (operation, name) =>
            {
                if (operation == "flush" && name.Length > 0 && flushes++ == 0)
                {
                    throw SimulatedDisk.NoSpace;
                }
            };
            Assert.AreEqual(ErrorCode.StorageFull, (await fixture.Engine.RefusalAsync(Set("c", "b", "refused"))).Code);

            Assert.AreEqual("a=1", (await StoreFixture.ReadAsync(fixture.Disk.LosePower(random))).Rows);
        }
    }

    [TestMethod]
    public async Task Write_FullDiskRefusesTheCutToo_HealsAllTheSame()
    {
        await using var fixture = new StoreFixture();
        await fixture.SetAsync("a", "1");
        fixture.Disk.Before = (operation, _) =>
        {
            if (operation is "flush" or "truncate")
            {
                throw SimulatedDisk.NoSpace;
            }
        };
        ErrorResponse uncertain = await fixture.Engine.RefusalAsync(Set("c", "b", "a longer one that is refused"));
        Assert.AreEqual(ErrorCode.StorageIo, uncertain.Code);
        Assert.Contains("may be there afterwards", uncertain.Message);
        Assert.AreEqual(AqlStoreCondition.Full, fixture.Store.Condition);

        // The next one is not written at all, so its answer is certain.
        Assert.AreEqual(ErrorCode.StorageFull, (await fixture.Engine.RefusalAsync(Set("c", "b", "refused"))).Code);
        fixture.Disk.Before = static (_, _) => { };

        await fixture.SetAsync("c", "3");
        await fixture.DisposeAsync();

        (string rows, AqlRecovery recovery) = await StoreFixture.ReadAsync(fixture.Disk);
        Assert.AreEqual("a=1 c=3", rows);
        Assert.AreEqual(0, recovery.CutBytes);
    }

    [TestMethod]
    public async Task Write_DiskFails_IsRefusedUntilTheStoreIsOpenedAgain()
    {
        await using var fixture = new StoreFixture();
        await fixture.SetAsync("a", "1");
        fixture.Disk.Before = (operation, _) =>
        {
            if (operation == "flush")
            {
                throw new IOException("Input/output error.", 5);
            }
        };
        Assert.AreEqual(ErrorCode.StorageIo, (await fixture.Engine.RefusalAsync(Set("c", "b", "2"))).Code);
        fixture.Disk.Before = static (_, _) => { };

        Assert.AreEqual(ErrorCode.StorageIo, (await fixture.Engine.RefusalAsync(Set("c", "b", "2"))).Code);
        Assert.AreEqual("a=1", await fixture.RowsAsync());
        Assert.AreEqual(AqlStoreCondition.Failed, fixture.Store.Condition);
        Assert.AreEqual(HealthStatus.HealthNotServing, fixture.Engine.CheckHealth(new HealthCheckRequest()).Status);

        await fixture.DisposeAsync();
        await using var again = new StoreFixture(fixture.Disk);
        Assert.AreEqual("a=1", await again.RowsAsync());
        await again.SetAsync("b", "2");
    }

    [TestMethod]
    public async Task Write_OnItsWayToTheDisk_IsSeenByNobody()
    {
        await using var fixture = new StoreFixture();
        await fixture.SetAsync("a", "1");
        using var gate = new Gate(fixture.Disk);

        Task<QueryResult> write = fixture.Engine.AnswerAsync(Set("c", "a", "2"));
        await gate.Reached.WithTimeout();
        Task<ulong> nothingToDelete = fixture.Engine.AffectedAsync(Update("c", Eq("value", "1"), SetTo("value", "3")));

        Assert.AreEqual("a=1", await fixture.RowsAsync());
        Assert.IsFalse(write.IsCompleted);
        Assert.IsFalse(nothingToDelete.IsCompleted, "It was evaluated on what is not on the disk yet, so its answer has to wait as well.");

        gate.Open();
        await write.WithTimeout();
        Assert.AreEqual(0UL, await nothingToDelete.WithTimeout());
        Assert.AreEqual("a=2", await fixture.RowsAsync());
    }

    [TestMethod]
    public async Task Writes_BuiltOnOneThatFails_FailWithIt()
    {
        await using var fixture = new StoreFixture();
        await fixture.SetAsync("a", "1");
        using var gate = new Gate(fixture.Disk);
        Task<QueryResponse> first = fixture.Engine.ExecuteQueryAsync(Request(Set("c", "a", "2")));
        await gate.Reached.WithTimeout();
        Task<QueryResponse> second = fixture.Engine.ExecuteQueryAsync(Request(Update("c", Eq("value", "2"), SetTo("value", "3"))));
        Task<QueryResponse> third = fixture.Engine.ExecuteQueryAsync(Request(Delete("c", "none")));

        gate.Fail(SimulatedDisk.NoSpace);

        foreach (Task<QueryResponse> task in new[] { first, second, third })
        {
            Assert.AreEqual(ErrorCode.StorageFull, (await task.WithTimeout()).Error?.Code);
        }

        Assert.AreEqual("a=1", await fixture.RowsAsync());
        await fixture.SetAsync("a", "4");
        Assert.AreEqual("a=4", await fixture.RowsAsync());
    }

    [TestMethod]
    public async Task Writes_ThatComeWhileTheDiskIsBusy_ShareOneFlush()
    {
        await using var fixture = new StoreFixture();
        await fixture.SetAsync("a", "1");
        using var gate = new Gate(fixture.Disk);
        Task first = fixture.SetAsync("b", "2");
        await gate.Reached.WithTimeout();
        int before = fixture.Disk.LogFlushes;
        Task[] writes = [.. Enumerable.Range(0, 100).Select(i => fixture.SetAsync($"k{i}", "v"))];

        gate.Open();

        await Task.WhenAll([first, .. writes]).WithTimeout();
        Assert.AreEqual(before + 2, fixture.Disk.LogFlushes);
        await fixture.DisposeAsync();
        await using var again = new StoreFixture(fixture.Disk);
        Assert.AreEqual(102, again.Store.RowCount);
    }

    [TestMethod]
    public async Task Write_TimeOverWhileWaitingForTheDisk_SaysThatItMayTakeEffect()
    {
        await using var fixture = new StoreFixture();
        using var gate = new Gate(fixture.Disk);
        QueryRequest request = Request(Set("c", "a", "1"));
        request.TimeoutMs = 500;
        Task<QueryResponse> write = fixture.Engine.ExecuteQueryAsync(request);
        await gate.Reached.WithTimeout();
        await fixture.Time.WaitForTimersAsync(1).WithTimeout();

        fixture.Time.Advance(TimeSpan.FromMilliseconds(500));

        ErrorResponse error = (await write.WithTimeout()).Error;
        Assert.AreEqual(ErrorCode.NetworkTimeout, error.Code);
        Assert.Contains("may or may not take effect", error.Message);
        gate.Open();
        await fixture.SetAsync("b", "2");
        Assert.AreEqual("a=1 b=2", await fixture.RowsAsync());
    }

    [TestMethod]
    public async Task Write_CallerGoneWhileWaitingForTheDisk_IsKeptWhole()
    {
        await using var fixture = new StoreFixture();
        using var gate = new Gate(fixture.Disk);
        using var caller = new CancellationTokenSource();
        Task<BatchResponse> write = fixture.Engine.ExecuteBatchAsync(Batch(Set("c", "a", "1"), Set("c", "b", "2")), caller.Token);
        await gate.Reached.WithTimeout();

        await caller.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => write.WithTimeout());
        gate.Open();
        await fixture.SetAsync("c", "3");
        Assert.AreEqual("a=1 b=2 c=3", await fixture.RowsAsync());
    }

    [TestMethod]
    public async Task Writes_MoreThanMayWait_AreRefusedAtOnce()
    {
        var options = new AqlStoreOptions { Limits = new AqlLimits { MaxPendingBytes = 64 << 10, MaxCommitBytes = 64 << 10, MaxValueSize = 40_000 } };
        await using var fixture = new StoreFixture(options: options);
        using var gate = new Gate(fixture.Disk);
        Task first = fixture.SetAsync("a", new string('v', 40_000));
        await gate.Reached.WithTimeout();

        ErrorResponse error = await fixture.Engine.RefusalAsync(Set("c", "b", new string('v', 40_000)));

        Assert.AreEqual(ErrorCode.ServerOverloaded, error.Code);
        Assert.AreEqual(1u, error.RetryAfter);
        gate.Open();
        await first.WithTimeout();
        await fixture.SetAsync("b", new string('v', 40_000));
    }

    [TestMethod]
    public async Task Write_AnotherIsEvaluatedForLong_WaitsNoLongerThanItsTimeout()
    {
        var options = new AqlStoreOptions { Limits = new AqlLimits { MaxWaitingWriters = 2 } };
        await using var fixture = new StoreFixture(options: options);
        using var begun = new ManualResetEventSlim();
        using var finish = new ManualResetEventSlim();
        Task<int> slow = Task.Run(() => fixture.Store.WriteAsync(
            _ =>
            {
                begun.Set();
                finish.Wait(TestDeadline.Limit);
                return 1;
            },
            new QueryDeadline(null, fixture.Time, CancellationToken.None)));
        Assert.IsTrue(begun.Wait(TestDeadline.Limit));
        QueryRequest request = Request(Set("c", "a", "1"));
        request.TimeoutMs = 500;
        Task<QueryResponse> impatient = fixture.Engine.ExecuteQueryAsync(request);
        using var caller = new CancellationTokenSource();
        Task<QueryResponse> leaving = fixture.Engine.ExecuteQueryAsync(Request(Set("c", "b", "2")), caller.Token);

        Assert.AreEqual(ErrorCode.ServerOverloaded, (await fixture.Engine.RefusalAsync(Set("c", "c", "3"))).Code);
        Assert.AreEqual("", await fixture.RowsAsync());
        fixture.Time.Advance(TimeSpan.FromMilliseconds(500));
        ErrorResponse error = (await impatient.WithTimeout()).Error;
        Assert.AreEqual(ErrorCode.NetworkTimeout, error.Code);
        Assert.Contains("changed nothing", error.Message);
        await caller.CancelAsync();
        OperationCanceledException thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => leaving.WithTimeout());
        Assert.AreEqual(caller.Token, thrown.CancellationToken);

        finish.Set();
        Assert.AreEqual(1, await slow.WithTimeout());
        await fixture.SetAsync("d", "4");
        Assert.AreEqual("d=4", await fixture.RowsAsync());
    }

    [TestMethod]
    public async Task Write_DiskFailsWhileAnotherIsEvaluated_IsEvaluatedAnew()
    {
        await using var fixture = new StoreFixture();
        await fixture.SetAsync("a", "1");
        using var gate = new Gate(fixture.Disk);
        Task<QueryResponse> failing = fixture.Engine.ExecuteQueryAsync(Request(Set("c", "a", "2")));
        await gate.Reached.WithTimeout();
        int evaluations = 0;
        string? seen = null;
        Task<int> other = fixture.Store.WriteAsync(
            transaction =>
            {
                evaluations++;
                seen = transaction.Collection("c").Find("a"u8)!.Data.ToStringUtf8();
                if (evaluations == 1)
                {
                    // The disk fails now; what this evaluation has seen will never have been.
                    gate.Fail(SimulatedDisk.NoSpace);
                    Assert.AreEqual(ErrorCode.StorageFull, failing.WithTimeout().GetAwaiter().GetResult().Error.Code);
                }

                return evaluations;
            },
            new QueryDeadline(null, fixture.Time, CancellationToken.None));

        Assert.AreEqual(2, await other.WithTimeout());
        Assert.AreEqual("1", seen);
    }

    [TestMethod]
    public async Task Dispose_WritesOnTheirWay_BringsThemToTheDisk()
    {
        await using var fixture = new StoreFixture();
        using var gate = new Gate(fixture.Disk);
        Task first = fixture.SetAsync("a", "1");
        await gate.Reached.WithTimeout();
        Task second = fixture.SetAsync("b", "2");

        Task disposed = fixture.Store.DisposeAsync().AsTask();
        Assert.IsFalse(disposed.IsCompleted);
        Assert.AreEqual(ErrorCode.ServerShuttingDown, (await fixture.Engine.RefusalAsync(Set("c", "c", "3"))).Code);
        gate.Open();

        await Task.WhenAll(first, second, disposed, fixture.Store.DisposeAsync().AsTask()).WithTimeout();
        Assert.AreEqual("a=1 b=2", (await StoreFixture.ReadAsync(fixture.Disk)).Rows);
        await Assert.ThrowsExactlyAsync<AqlException>(() => fixture.Store.CompactAsync());
    }

    [TestMethod]
    [DataRow("create")]
    [DataRow("write")]
    [DataRow("flush")]
    [DataRow("rename")]
    public async Task Compact_DiskFull_LosesNothingAndCanBeDoneLater(string failing)
    {
        foreach (string file in new[] { "snapshot-", "log-0000000000000003" })
        {
            await using var fixture = new StoreFixture();
            await fixture.Engine.FillAsync("c", "abc");
            fixture.Disk.Before = (operation, name) =>
            {
                if (operation == failing && name.StartsWith(file, StringComparison.Ordinal))
                {
                    throw SimulatedDisk.NoSpace;
                }
            };

            AqlException thrown = await Assert.ThrowsExactlyAsync<AqlException>(() => fixture.Store.CompactAsync().WithTimeout());

            Assert.AreEqual(ErrorCode.StorageFull, thrown.Code);
            Assert.IsFalse(fixture.Disk.Names.Any(name => name.StartsWith("snapshot-", StringComparison.Ordinal)), "What is left of it would take room from the log.");
            fixture.Disk.Before = static (_, _) => { };
            await fixture.SetAsync("d", "4");
            Assert.AreEqual("a=1 b=2 c=3 d=4", (await StoreFixture.ReadAsync(fixture.Disk.LosePower(new Random(1)))).Rows);

            await fixture.Store.CompactAsync().WithTimeout();
            await fixture.DisposeAsync();
            Assert.HasCount(2, fixture.Disk.Names);
            Assert.AreEqual("a=1 b=2 c=3 d=4", (await StoreFixture.ReadAsync(fixture.Disk)).Rows);
        }
    }

    [TestMethod]
    public async Task Compact_WritesMeanwhile_AreInTheNewLog()
    {
        await using var fixture = new StoreFixture();
        await fixture.Engine.FillAsync("c", "abc");
        using var gate = new Gate(fixture.Disk, "snapshot-");
        Task compacted = fixture.Store.CompactAsync();
        await gate.Reached.WithTimeout();

        await fixture.SetAsync("d", "4");
        // The snapshot is not there yet, so both logs are needed.
        Assert.AreEqual("a=1 b=2 c=3 d=4", (await StoreFixture.ReadAsync(fixture.Disk.LosePower(new Random(1)))).Rows);
        gate.Open();

        await compacted.WithTimeout();
        Assert.AreEqual("a=1 b=2 c=3 d=4", (await StoreFixture.ReadAsync(fixture.Disk.LosePower(new Random(1)))).Rows);
    }

    /// <summary>Holds the disk at the next flush of a file until it is opened.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new();
        private volatile Exception? _failure;

        internal Gate(SimulatedDisk disk, string file = "log-") => disk.Before = (operation, name) =>
        {
            if (operation == "flush" && name.StartsWith(file, StringComparison.Ordinal) && !_open.IsSet)
            {
                _reached.TrySetResult();
                _open.Wait(TestDeadline.Limit);
                if (_failure is { } failure)
                {
                    throw failure;
                }
            }
        };

        internal Task Reached => _reached.Task;

        internal void Open() => _open.Set();

        internal void Fail(Exception failure)
        {
            _failure = failure;
            _open.Set();
        }

        // Not disposed but opened: the disk may still be looking at it.
        public void Dispose() => _open.Set();
    }
}
