using Google.Protobuf;
using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;
using ProtocolVersion = Net.Protocol.Aql.Version;

namespace Net.UnitTests.Aql;

/// <summary>Single queries: what they answer, and what they refuse.</summary>
[TestClass]
public sealed class EngineQueryTests
{
    private readonly ManualTimeProvider _time = new();
    private AqlStore _store = null!;
    private AqlEngine _engine = null!;

    [TestInitialize]
    public void Begin()
    {
        _store = AqlStore.CreateInMemory();
        _engine = new AqlEngine(_store, _time);
    }

    [TestCleanup]
    public async Task EndAsync() => await _store.DisposeAsync();

    [TestMethod]
    public async Task Get_AfterSet_ReturnsTheValueAsSent()
    {
        var sent = new CipherBlob
        {
            Data = ByteString.CopyFrom(0, 255, 1),
            Metadata = new CipherMetadata { Size = 99, Compression = CompressionType.CompressionZstd, Checksum = 7, CreatedAt = -5, Version = 3 },
        };
        await _engine.AnswerAsync(new Query { Set = new SetQuery { Collection = "users", Key = Key("42"), Value = sent } });

        QueryResult result = await _engine.AnswerAsync(Get("users", "42"));

        Assert.AreEqual(sent, result.Single.Value);
    }

    [TestMethod]
    public async Task Set_WithoutMetadata_IsDatedAndCheckedByTheHost()
    {
        await _engine.AnswerAsync(Set("users", "42", "123456789"));

        CipherMetadata metadata = (await _engine.AnswerAsync(Get("users", "42"))).Single.Value.Metadata;

        // CBF43926 is the check value that every description of CRC-32 gives for these nine digits.
        Assert.AreEqual(new CipherMetadata { Size = 9, Checksum = 0xCBF43926, CreatedAt = _time.GetUtcNow().ToUnixTimeSeconds() }, metadata);
        Assert.IsFalse(metadata.HasVersion);
    }

    [TestMethod]
    public async Task Get_NoSuchKeyOrCollection_ReturnsNoValue()
    {
        await _engine.FillAsync("users", "a");

        Assert.IsNull((await _engine.AnswerAsync(Get("users", "b"))).Single.Value);
        Assert.IsNull((await _engine.AnswerAsync(Get("others", "a"))).Single.Value);
        Assert.AreEqual(QueryResult.ResultOneofCase.Single, (await _engine.AnswerAsync(Get("others", "a"))).ResultCase);
    }

    [TestMethod]
    public async Task Set_Twice_ReplacesAndCountsOneEach()
    {
        Assert.AreEqual(1UL, await _engine.AffectedAsync(Set("users", "a", "1")));
        Assert.AreEqual(1UL, await _engine.AffectedAsync(Set("users", "a", "2")));

        Assert.AreEqual("a=2", await _engine.ListAsync(Range("users")));
        Assert.AreEqual(1, _store.RowCount);
    }

    [TestMethod]
    public async Task Delete_RowOrNone_CountsWhatWent()
    {
        await _engine.FillAsync("users", "ab");

        Assert.AreEqual(1UL, await _engine.AffectedAsync(Delete("users", "a")));
        Assert.AreEqual(0UL, await _engine.AffectedAsync(Delete("users", "a")));
        Assert.AreEqual(0UL, await _engine.AffectedAsync(Delete("others", "a")));

        Assert.AreEqual("b=2", await _engine.ListAsync(Range("users")));
    }

    [TestMethod]
    public async Task Delete_LastRow_EndsTheCollection()
    {
        await _engine.FillAsync("users", "a");
        Assert.AreEqual(1, _store.CollectionCount);

        await _engine.AnswerAsync(Delete("users", "a"));

        Assert.AreEqual(0, _store.CollectionCount);
        Assert.AreEqual(0, _store.TotalBytes);
    }

    [TestMethod]
    [DataRow(null, null, null, "a=1 b=2 c=3 d=4")]
    [DataRow("b", "d", null, "b=2 c=3")]
    [DataRow("b", null, null, "b=2 c=3 d=4")]
    [DataRow(null, "c", null, "a=1 b=2")]
    [DataRow("aa", "cc", null, "b=2 c=3")]
    [DataRow("b", "b", null, "")]
    [DataRow("c", "b", null, "")]
    [DataRow(null, "", null, "")]
    [DataRow(null, null, 2, "a=1 b=2")]
    [DataRow("b", "d", 1, "b=2")]
    [DataRow("b", "d", 9, "b=2 c=3")]
    [DataRow(null, null, 0, "")]
    public async Task Range_Bounds_AreInclusiveExclusiveAndLimited(string? start, string? end, int? limit, string expected)
    {
        await _engine.FillAsync("users", "abcd");
        await _engine.FillAsync("zebras", "abcd");

        Assert.AreEqual(expected, await _engine.ListAsync(Range("users", start, end, (uint?)limit)));
    }

    [TestMethod]
    public async Task Range_AnyBytes_AreOrderedLexicographically()
    {
        byte[][] keys = [[0], [0, 0], [1], [127], [128], [255], [255, 0], [255, 255]];
        foreach (byte[] key in keys.Reverse())
        {
            await _engine.AnswerAsync(new Query { Set = new SetQuery { Collection = "c", Key = new Key { Data = ByteString.CopyFrom(key) }, Value = Blob("") } });
        }

        QueryResult result = await _engine.AnswerAsync(Range("c"));

        CollectionAssert.AreEqual(keys.Select(Convert.ToHexString).ToArray(), result.Multi.Values.Select(v => Convert.ToHexString(v.Key.Data.Span)).ToArray());
        Assert.IsTrue(result.Multi.Values.All(v => !v.HasEncryptedPredicateResult));
    }

    [TestMethod]
    public async Task Query_None_IsAMissingField()
    {
        Assert.AreEqual(ErrorCode.ProtocolMissingField, (await _engine.RefusalAsync(null)).Code);
        Assert.AreEqual(ErrorCode.ProtocolMissingField, (await _engine.RefusalAsync(new Query())).Code);
    }

    [TestMethod]
    public async Task Query_FieldMissing_IsSaid()
    {
        Query[] queries =
        [
            new() { Get = new GetQuery { Collection = "c" } },
            new() { Delete = new DeleteQuery { Collection = "c" } },
            new() { Set = new SetQuery { Collection = "c", Value = Blob("") } },
            new() { Set = new SetQuery { Collection = "c", Key = Key("k") } },
            Filter("c", null),
            Filter("c", new Predicate()),
            Filter("c", new Predicate { Eq = new EqPredicate { Column = Column("key") } }),
            Filter("c", new Predicate { Eq = new EqPredicate { Value = Blob("") } }),
            Filter("c", new Predicate { And = new AndPredicate { Left = All } }),
            Filter("c", new Predicate { Not = new NotPredicate() }),
            Update("c", null, SetTo("value", "x")),
            Update("c", All),
            Update("c", All, new Update()),
            Update("c", All, new Update { Set = new SetUpdate { Column = Column("value") } }),
            Update("c", All, new Update { Set = new SetUpdate { Value = Blob("") } }),
        ];
        foreach (Query query in queries)
        {
            Assert.AreEqual(ErrorCode.ProtocolMissingField, (await _engine.RefusalAsync(query)).Code, query.ToString());
        }
    }

    [TestMethod]
    public async Task Collection_BadName_IsRefused()
    {
        foreach (string name in new[] { "", "a\nb", "\u0085", new string('x', 129), new string('ä', 65), "a\ud800" })
        {
            foreach (Query query in new[] { Get(name, "k"), Set(name, "k", "v"), Delete(name, "k"), Range(name), Filter(name, All), Update(name, All, SetTo("value", "")) })
            {
                Assert.AreEqual(ErrorCode.ValidationInvalidCollection, (await _engine.RefusalAsync(query)).Code);
            }
        }

        await _engine.AnswerAsync(Set(new string('x', 128), "k", "v"));
        await _engine.AnswerAsync(Set("Größe/1 🎈", "k", "v"));
    }

    [TestMethod]
    public async Task Key_EmptyOrTooLong_IsRefused()
    {
        foreach (Func<string, Query> make in new Func<string, Query>[] { k => Get("c", k), k => Set("c", k, "v"), k => Delete("c", k) })
        {
            Assert.AreEqual(ErrorCode.ValidationInvalidKey, (await _engine.RefusalAsync(make(""))).Code);
            Assert.AreEqual(ErrorCode.ValidationSizeExceeded, (await _engine.RefusalAsync(make(new string('k', 4097)))).Code);
            await _engine.AnswerAsync(make(new string('k', 4096)));
        }
    }

    [TestMethod]
    public async Task Value_TooLargeOrOfUnknownCompression_IsRefused()
    {
        Assert.AreEqual(ErrorCode.ValidationSizeExceeded, (await _engine.RefusalAsync(Set("c", "k", new string('v', (1 << 20) + 1)))).Code);
        await _engine.AnswerAsync(Set("c", "k", new string('v', 1 << 20)));
        await _engine.AnswerAsync(Set("c", "k", ""));

        Query query = Set("c", "k", "v");
        query.Set.Value.Metadata = new CipherMetadata { Compression = (CompressionType)3 };
        Assert.AreEqual(ErrorCode.ValidationInvalidValue, (await _engine.RefusalAsync(query)).Code);
    }

    [TestMethod]
    [DataRow(0u, 2u, 0u, true)]
    [DataRow(0u, 2u, 77u, true)]
    [DataRow(0u, 1u, 0u, false)]
    [DataRow(0u, 3u, 0u, false)]
    [DataRow(1u, 2u, 0u, false)]
    public async Task Version_Requests_MustBeOfTheSameMinor(uint major, uint minor, uint patch, bool accepted)
    {
        QueryRequest request = Request(Get("c", "k"));
        request.Version = new ProtocolVersion { Major = major, Minor = minor, Patch = patch };
        BatchRequest batch = Batch(Get("c", "k"));
        batch.Version = request.Version;

        ErrorCode[] codes =
        [
            (await _engine.ExecuteQueryAsync(request)).Error?.Code ?? 0,
            (await _engine.ExecuteBatchAsync(batch)).Error?.Code ?? 0,
            (await _engine.ExecuteStreamAsync(request).ToArrayAsync())[^1].Error?.Code ?? 0,
        ];

        Assert.IsTrue(codes.All(code => code == (accepted ? 0 : ErrorCode.ProtocolUnsupportedVersion)), string.Join(' ', codes));
    }

    [TestMethod]
    public async Task TransactionId_Given_IsRefusedSinceNothingCouldHonourIt()
    {
        QueryRequest request = Request(Set("c", "k", "v"));
        request.TransactionId = "t1";

        Assert.AreEqual(ErrorCode.ProtocolInvalidRequest, (await _engine.ExecuteQueryAsync(request)).Error.Code);
        Assert.AreEqual(0, _store.RowCount);

        request.TransactionId = "";
        Assert.IsNull((await _engine.ExecuteQueryAsync(request)).Error);
    }

    [TestMethod]
    public async Task RequestId_Given_ComesBackWithResultsAndErrors()
    {
        QueryRequest request = Request(Get("c", "k"));
        Assert.IsFalse((await _engine.ExecuteQueryAsync(request)).HasRequestId);

        request.RequestId = "r-1";
        Assert.AreEqual("r-1", (await _engine.ExecuteQueryAsync(request)).RequestId);
        request.Query = null;
        Assert.AreEqual("r-1", (await _engine.ExecuteQueryAsync(request)).RequestId);

        BatchRequest batch = Batch(Get("c", "k"));
        batch.RequestId = "";
        Assert.IsTrue((await _engine.ExecuteBatchAsync(batch)).HasRequestId);
    }

    [TestMethod]
    public async Task Timeout_OfZero_IsOverAtOnceAndChangesNothing()
    {
        foreach (Query query in new[] { Set("c", "k", "v"), Get("c", "k"), Range("c") })
        {
            QueryRequest request = Request(query);
            request.TimeoutMs = 0;
            Assert.AreEqual(ErrorCode.NetworkTimeout, (await _engine.ExecuteQueryAsync(request)).Error.Code);
            Assert.AreEqual(ErrorCode.NetworkTimeout, (await _engine.ExecuteStreamAsync(request).ToArrayAsync()).Single().Error.Code);
            BatchRequest batch = Batch(query);
            batch.TimeoutMs = 0;
            Assert.AreEqual(ErrorCode.NetworkTimeout, (await _engine.ExecuteBatchAsync(batch)).Error.Code);
        }

        Assert.AreEqual(0, _store.RowCount);
    }

    [TestMethod]
    public async Task Query_CallerGone_ThrowsWithItsToken()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        OperationCanceledException thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => _engine.ExecuteQueryAsync(Request(Set("c", "k", "v")), cancelled.Token));

        Assert.AreEqual(cancelled.Token, thrown.CancellationToken);
        Assert.AreEqual(0, _store.RowCount);
    }

    [TestMethod]
    public async Task Answer_TooLargeForOneMessage_IsRefusedAndCanBeStreamed()
    {
        for (int i = 0; i < 5; i++)
        {
            await _engine.AnswerAsync(Set("c", $"k{i}", new string('v', 1 << 20)));
        }

        Assert.AreEqual(ErrorCode.ValidationSizeExceeded, (await _engine.RefusalAsync(Range("c"))).Code);
        Assert.AreEqual(3, (await _engine.AnswerAsync(Range("c", limit: 3))).Multi.Values.Count);
        Assert.AreEqual(5UL, (await _engine.ExecuteStreamAsync(Request(Range("c"))).ToArrayAsync())[^1].End.TotalCount);
    }

    [TestMethod]
    public async Task Store_Limits_AreEnforcedAndNothingIsHalfWritten()
    {
        await using AqlStore store = AqlStore.CreateInMemory(new AqlStoreOptions
        {
            Limits = new AqlLimits { MaxCollections = 2, MaxTotalBytes = 64 << 10, MaxValueSize = 40_000, MaxResponseBytes = 64 << 10, MaxCommitBytes = 64 << 10, MaxPendingBytes = 64 << 10 },
        });
        var engine = new AqlEngine(store, _time);
        await engine.AnswerAsync(Set("a", "k", new string('v', 40_000)));
        await engine.AnswerAsync(Set("b", "k", "v"));

        Assert.AreEqual(ErrorCode.StorageFull, (await engine.RefusalAsync(Set("c", "k", "v"))).Code);
        Assert.AreEqual(ErrorCode.StorageFull, (await engine.RefusalAsync(Set("b", "k2", new string('v', 30_000)))).Code);
        Assert.AreEqual(2, store.RowCount);

        await engine.AnswerAsync(Delete("a", "k"));
        await engine.AnswerAsync(Set("c", "k", new string('v', 30_000)));
        BatchResponse tooMuch = await engine.ExecuteBatchAsync(Batch(Set("c", "k", new string('v', 40_000)), Set("c", "k", new string('v', 40_000))));
        Assert.AreEqual(ErrorCode.ValidationSizeExceeded, tooMuch.Error.Code);
    }

    [TestMethod]
    public async Task Store_Disposed_RefusesAndSaysThatTheHostEnds()
    {
        await _store.DisposeAsync();

        Assert.AreEqual(ErrorCode.ServerShuttingDown, (await _engine.RefusalAsync(Get("c", "k"))).Code);
        Assert.AreEqual(ErrorCode.ServerShuttingDown, (await _engine.RefusalAsync(Set("c", "k", "v"))).Code);
        Assert.AreEqual(HealthStatus.HealthNotServing, _engine.CheckHealth(new HealthCheckRequest()).Status);
    }

    [TestMethod]
    public void Health_OfServices_IsKnownOrNot()
    {
        Assert.AreEqual(HealthStatus.HealthServing, _engine.CheckHealth(new HealthCheckRequest()).Status);
        Assert.AreEqual(HealthStatus.HealthServing, _engine.CheckHealth(new HealthCheckRequest { Service = "amaters.aql.AqlService" }).Status);
        Assert.AreEqual(HealthStatus.HealthServiceUnknown, _engine.CheckHealth(new HealthCheckRequest { Service = "echo.EchoService" }).Status);
    }

    [TestMethod]
    public void ServerInfo_Of_TellsVersionCapabilitiesAndUptime()
    {
        _time.Advance(TimeSpan.FromSeconds(61.5));

        ServerInfoResponse info = _engine.GetServerInfo();

        Assert.AreEqual(new ProtocolVersion { Minor = 2 }, info.Version);
        CollectionAssert.AreEqual(new[] { info.Version }, info.SupportedVersions.ToArray());
        Assert.AreEqual("query.get query.set query.delete query.range query.update query.filter", string.Join(' ', info.Capabilities));
        Assert.AreEqual(61UL, info.UptimeSeconds);
    }

    [TestMethod]
    public void Limits_OutOfRange_AreAllNamed()
    {
        ArgumentException thrown = Assert.ThrowsExactly<ArgumentException>(() => AqlStore.CreateInMemory(new AqlStoreOptions { Limits = new AqlLimits { MaxKeySize = 0, MaxCollections = 0, MaxValueSize = 32 << 20 } }));

        foreach (string name in new[] { nameof(AqlLimits.MaxKeySize), nameof(AqlLimits.MaxCollections), nameof(AqlLimits.MaxCommitBytes), nameof(AqlLimits.MaxResponseBytes) })
        {
            Assert.Contains(name, thrown.Message);
        }

        Assert.ThrowsExactly<ArgumentException>(() => new AqlEngine(_store, _time, new AqlEngineOptions { DefaultTimeout = TimeSpan.Zero }));
        Assert.ThrowsExactly<ArgumentException>(() => AqlStore.CreateInMemory(new AqlStoreOptions { CompactionBytes = 1 }));
    }
}
