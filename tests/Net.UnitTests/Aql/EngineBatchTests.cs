using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql;

/// <summary>Batches are transactions; streams and interactive queries keep their order.</summary>
[TestClass]
public sealed class EngineBatchTests
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
    public async Task Batch_ReadsAfterWrites_SeesThem()
    {
        BatchResponse response = await _engine.ExecuteBatchAsync(Batch(
            Set("c", "a", "1"), Get("c", "a"), Set("c", "b", "2"), Update("c", All, SetTo("value", "3")), Range("c"), Delete("c", "a"), Filter("c", All)));

        Assert.IsNull(response.Error);
        Assert.HasCount(7, response.Results.Results);
        Assert.AreEqual("1", response.Results.Results[1].Single.Value.Data.ToStringUtf8());
        Assert.AreEqual(2UL, response.Results.Results[3].Success.AffectedRows);
        Assert.AreEqual("a=3 b=3", Rows(response.Results.Results[4].Multi.Values));
        Assert.AreEqual("b=3", Rows(response.Results.Results[6].Multi.Values));
    }

    [TestMethod]
    public async Task Batch_OneQueryRefused_ChangesNothingAndSaysWhich()
    {
        await _engine.FillAsync("c", "ab");

        BatchResponse response = await _engine.ExecuteBatchAsync(Batch(Set("c", "a", "x"), Delete("c", "b"), Set("c", "", "x"), Set("c", "d", "x")));

        Assert.AreEqual(ErrorCode.ValidationInvalidKey, response.Error.Code);
        Assert.StartsWith("Query 3 of 4", response.Error.Details);
        Assert.AreEqual("a=1 b=2", await _engine.ListAsync(Range("c")));
    }

    [TestMethod]
    public async Task Batch_EveryIsolationLevel_IsAcceptedAndUnknownOnesAreNot()
    {
        for (int level = 0; level <= 4; level++)
        {
            BatchRequest request = Batch(Set("c", "k", "v"));
            request.IsolationLevel = (IsolationLevel)level;
            Assert.IsNull((await _engine.ExecuteBatchAsync(request)).Error);
        }

        foreach (int level in new[] { -1, 5 })
        {
            BatchRequest request = Batch(Set("c", "k", "v"));
            request.IsolationLevel = (IsolationLevel)level;
            Assert.AreEqual(ErrorCode.ProtocolInvalidRequest, (await _engine.ExecuteBatchAsync(request)).Error.Code);
        }
    }

    [TestMethod]
    public async Task Batch_EmptyOrTooLong_IsAnsweredOrRefused()
    {
        Assert.IsEmpty((await _engine.ExecuteBatchAsync(Batch())).Results.Results);

        Query[] queries = [.. Enumerable.Range(0, 1001).Select(i => Set("c", $"{i}", "v"))];
        Assert.AreEqual(ErrorCode.ValidationSizeExceeded, (await _engine.ExecuteBatchAsync(Batch(queries))).Error.Code);
        Assert.AreEqual(0, _store.RowCount);
        Assert.IsNull((await _engine.ExecuteBatchAsync(Batch(queries[1..]))).Error);
        Assert.AreEqual(1000, _store.RowCount);
    }

    [TestMethod]
    public async Task Batches_OfManyWriters_AreSeenWholeOrNotAtAll()
    {
        const int rounds = 300;
        // Each batch sets both rows to the same value; a reader that sees two values has seen half of one.
        Task[] writers = [.. Enumerable.Range(0, 3).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < rounds; i++)
            {
                Assert.IsNull((await _engine.ExecuteBatchAsync(Batch(Set("c", "left", $"{writer}-{i}"), Set("c", "right", $"{writer}-{i}")))).Error);
            }
        }))];
        Task all = Task.WhenAll(writers);
        int reads = 0;
        do
        {
            QueryResult result = await _engine.AnswerAsync(Range("c"));
            Assert.IsTrue(result.Multi.Values.Count is 0 or 2);
            Assert.AreEqual(1, result.Multi.Values.Select(v => v.Value.Data).Append(result.Multi.Values.FirstOrDefault()?.Value.Data).Distinct().Count());
            reads++;
            await Task.Yield();
        }
        while (!all.IsCompleted);

        await all.WithTimeout();
        Assert.IsGreaterThan(0, reads);
    }

    [TestMethod]
    public async Task Batches_ReadAndWriteOfTheSameRow_LoseNoUpdate()
    {
        await _engine.AnswerAsync(Set("c", "n", "x"));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 250; i++)
            {
                Assert.IsNull((await _engine.ExecuteBatchAsync(Batch(Update("c", Eq("key", "n"), Add("version", "1"))))).Error);
            }
        }))).WithTimeout();

        Assert.AreEqual(1000u, (await _engine.AnswerAsync(Get("c", "n"))).Single.Value.Metadata.Version);
    }

    [TestMethod]
    [DataRow(0, "End 0 #0")]
    [DataRow(1, "1 #0, End 1 #1")]
    [DataRow(100, "100 #0, End 100 #1")]
    [DataRow(101, "100+ #0, 1 #1, End 101 #2")]
    [DataRow(250, "100+ #0, 100+ #1, 50 #2, End 250 #3")]
    public async Task Stream_Rows_ComeInChunksOfAHundredThenTheTotal(int rows, string expected)
    {
        if (rows > 0)
        {
            await _engine.ExecuteBatchAsync(Batch([.. Enumerable.Range(0, rows).Select(i => Set("c", $"{i:d4}", "v"))]));
        }

        StreamResponse[] messages = await _engine.ExecuteStreamAsync(Request(Range("c"))).ToArrayAsync();

        Assert.AreEqual(expected, string.Join(", ", messages.Select(Describe)));
        CollectionAssert.AreEqual(
            Enumerable.Range(0, rows).Select(i => $"{i:d4}").ToArray(),
            messages.Where(m => m.Batch is not null).SelectMany(m => m.Batch.Values).Select(v => v.Key.Data.ToStringUtf8()).ToArray());
    }

    [TestMethod]
    public async Task Stream_OfLargeRows_HasSmallerChunks()
    {
        for (int i = 0; i < 8; i++)
        {
            await _engine.AnswerAsync(Set("c", $"{i}", new string('v', 1 << 20)));
        }

        StreamResponse[] messages = await _engine.ExecuteStreamAsync(Request(Range("c"))).ToArrayAsync();

        Assert.AreEqual("3+ #0, 3+ #1, 2 #2, End 8 #3", string.Join(", ", messages.Select(Describe)));
        Assert.IsTrue(messages.All(m => m.CalculateSize() < 4 << 20), "A chunk must fit gRPC's usual limit of a message.");
    }

    [TestMethod]
    public async Task Stream_OfOtherQueries_EndsWithTheirCount()
    {
        Assert.AreEqual("End 1 #0", Describe((await _engine.ExecuteStreamAsync(Request(Set("c", "a", "1"))).ToArrayAsync()).Single()));
        Assert.AreEqual("1 #0, End 1 #1", string.Join(", ", (await _engine.ExecuteStreamAsync(Request(Get("c", "a"))).ToArrayAsync()).Select(Describe)));
        Assert.AreEqual("End 0 #0", Describe((await _engine.ExecuteStreamAsync(Request(Get("c", "b"))).ToArrayAsync()).Single()));
        Assert.AreEqual("End 1 #0", Describe((await _engine.ExecuteStreamAsync(Request(Update("c", All, SetTo("value", "2")))).ToArrayAsync()).Single()));
        Assert.AreEqual("1 #0, End 1 #1", string.Join(", ", (await _engine.ExecuteStreamAsync(Request(Filter("c", All, 1))).ToArrayAsync()).Select(Describe)));
        Assert.AreEqual("End 1 #0", Describe((await _engine.ExecuteStreamAsync(Request(Delete("c", "a"))).ToArrayAsync()).Single()));
    }

    [TestMethod]
    public async Task Stream_WritesInBetween_AreNotSeen()
    {
        await _engine.ExecuteBatchAsync(Batch([.. Enumerable.Range(0, 300).Select(i => Set("c", $"{i:d4}", "old"))]));

        int seen = 0;
        await foreach (StreamResponse message in _engine.ExecuteStreamAsync(Request(Range("c"))))
        {
            await _engine.AnswerAsync(Update("c", All, SetTo("value", "new")));
            await _engine.AnswerAsync(Delete("c", "0299"));
            seen += message.Batch?.Values.Count(v => v.Value.Data.ToStringUtf8() == "old") ?? 0;
        }

        Assert.AreEqual(300, seen);
    }

    [TestMethod]
    public async Task Stream_TimeOverInBetween_EndsWithTheError()
    {
        await _engine.ExecuteBatchAsync(Batch([.. Enumerable.Range(0, 300).Select(i => Set("c", $"{i:d4}", "v"))]));
        QueryRequest request = Request(Range("c"));
        request.TimeoutMs = 1000;
        var messages = new List<StreamResponse>();
        await foreach (StreamResponse message in _engine.ExecuteStreamAsync(request))
        {
            messages.Add(message);
            _time.Advance(TimeSpan.FromMilliseconds(600));
        }

        Assert.AreEqual("100+ #0, 100+ #1, NetworkTimeout #2", string.Join(", ", messages.Select(Describe)));
    }

    [TestMethod]
    public async Task Interactive_Queries_AreAnsweredOneByOneInOrder()
    {
        string[] answers = await _engine.ExecuteInteractiveAsync(Ask()).Select(r => $"{r.RequestId}:{r.ResponseCase}").ToArrayAsync();

        Assert.AreEqual("1:Result 2:Error 3:Result", string.Join(' ', answers));

        static async IAsyncEnumerable<QueryRequest> Ask()
        {
            foreach ((string id, Query? query) in new (string, Query?)[] { ("1", Set("c", "k", "v")), ("2", null), ("3", Get("c", "k")) })
            {
                await Task.Yield();
                QueryRequest request = Request(query);
                request.RequestId = id;
                yield return request;
            }
        }
    }

    private static string Describe(StreamResponse message) => (message.ChunkCase switch
    {
        StreamResponse.ChunkOneofCase.Batch => $"{message.Batch.Values.Count}{(message.Batch.HasMore ? "+" : "")}",
        StreamResponse.ChunkOneofCase.End => $"End {message.End.TotalCount}",
        StreamResponse.ChunkOneofCase.Error => $"{message.Error.Code}",
        _ => "?",
    }) + $" #{message.Sequence}";
}
