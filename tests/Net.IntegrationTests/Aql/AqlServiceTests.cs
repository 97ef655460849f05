using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Net.Aql;
using Net.Grpc;
using Net.Protocol.Aql;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Aql;

/// <summary>All six methods over gRPC, with the typed client, on whatever HTTP a derived class brings.</summary>
public abstract class AqlServiceTests
{
    private AqlStore _store = null!;
    private IAsyncDisposable _server = null!;
    private GrpcClient _grpc = null!;
    private AqlClient _client = null!;

    [TestInitialize]
    public async Task BeginAsync()
    {
        _store = AqlStore.CreateInMemory();
        var service = new AqlService(new AqlEngine(_store, TimeProvider.System));
        (_server, _grpc) = await StartAsync(application => application.MapNetGrpc(AqlService.Definition, service));
        _client = new AqlClient(_grpc);
    }

    [TestCleanup]
    public async Task EndAsync()
    {
        _grpc?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _store.DisposeAsync();
    }

    /// <summary>Starts a server, and makes a client for it.</summary>
    /// <param name="map">Maps the service.</param>
    /// <returns>Both; the client is disposed first.</returns>
    private protected abstract Task<(IAsyncDisposable Server, GrpcClient Client)> StartAsync(Action<WebApplication> map);

    /// <summary>Foresees what the server logs about a client that leaves in the middle of a response.</summary>
    /// <param name="server">What <see cref="StartAsync"/> returned.</param>
    private protected virtual void ExpectClientsThatLeave(IAsyncDisposable server)
    {
    }

    [TestMethod]
    public async Task Rows_SetGetDelete_AreWhatTheHostHas()
    {
        byte[] key = [0, 255];
        Assert.IsNull(await _client.GetAsync("c", key));

        await _client.SetAsync("c", key, new byte[] { 1, 2, 3 });

        CipherBlob? value = await _client.GetAsync("c", key);
        Assert.AreEqual("010203", Convert.ToHexString(value!.Data.Span));
        Assert.AreEqual(3UL, value.Metadata.Size);
        Assert.IsTrue(await _client.DeleteAsync("c", key));
        Assert.IsFalse(await _client.DeleteAsync("c", key));
    }

    [TestMethod]
    public async Task Query_OfEveryKindAsText_IsAnswered()
    {
        foreach ((string text, string expected) in new[]
        {
            ("set users/42 \"Ada\"", "{ \"success\": { \"affectedRows\": \"1\" } }"),
            ("update users where key = 42 set value = \"Grace\"", "{ \"success\": { \"affectedRows\": \"1\" } }"),
            ("get users/7", "{ \"single\": { } }"),
            ("range users 5.. limit 1", "{ \"multi\": { } }"),
            ("delete users/7", "{ \"success\": { } }"),
        })
        {
            Assert.AreEqual(expected, (await _client.QueryAsync(AqlText.Parse(text))).ToString(), text);
        }

        QueryResult filtered = await _client.QueryAsync(AqlText.Parse("filter users where length = 5"));
        Assert.AreEqual("Grace", filtered.Multi.Values.Single().Value.Data.ToStringUtf8());
    }

    [TestMethod]
    public async Task Query_Refused_ThrowsWhatTheHostSays()
    {
        AqlException thrown = await Assert.ThrowsExactlyAsync<AqlException>(async () => await _client.QueryAsync(AqlText.Parse("filter users where age > 30")));

        Assert.AreEqual(ErrorCode.ComputeUnsupported, thrown.Code);
        Assert.AreEqual(AqlStatus.Unimplemented, thrown.Status);
        Assert.Contains("homomorphic", thrown.Message);
    }

    [TestMethod]
    public async Task Query_AsAMessage_HasItsErrorInTheBodyAndItsIdBack()
    {
        QueryResponse response = await _client.ExecuteQueryAsync(new QueryRequest { RequestId = "r-1" });

        Assert.AreEqual(ErrorCode.ProtocolMissingField, response.Error.Code);
        Assert.AreEqual("r-1", response.RequestId);
    }

    [TestMethod]
    public async Task Batch_RefusedOrNot_IsWholeOrNothing()
    {
        IReadOnlyList<QueryResult> results = await _client.BatchAsync(AqlText.ParseScript("set c/a 1; set c/b 2; range c"));
        Assert.AreEqual(2, results[2].Multi.Values.Count);

        AqlException thrown = await Assert.ThrowsExactlyAsync<AqlException>(async () => await _client.BatchAsync(AqlText.ParseScript("delete c/a; set c/\"\" 1")));
        Assert.AreEqual(ErrorCode.ValidationInvalidKey, thrown.Code);
        Assert.StartsWith("Query 2 of 2", thrown.Details);
        Assert.AreEqual(2, _store.RowCount);
    }

    [TestMethod]
    public async Task Stream_ManyRows_ComeAllInOrder()
    {
        await FillAsync(950);

        string[] keys = await _client.StreamAsync(AqlText.Parse("range c")).Select(row => row.Key.Data.ToStringUtf8()).ToArrayAsync().AsTask().WithTimeout();

        CollectionAssert.AreEqual(Enumerable.Range(0, 950).Select(i => $"{i:d4}").ToArray(), keys);
        Assert.IsEmpty(await _client.StreamAsync(AqlText.Parse("set c/0000 x")).ToArrayAsync());
        await Assert.ThrowsExactlyAsync<AqlException>(async () => await _client.StreamAsync(new Query()).ToArrayAsync());
    }

    [TestMethod]
    public async Task Stream_LeftEarly_EndsOnTheHostToo()
    {
        ExpectClientsThatLeave(_server);
        await FillAsync(950);

        await foreach (KeyValue row in _client.StreamAsync(AqlText.Parse("range c")))
        {
            Assert.AreEqual("0000", row.Key.Data.ToStringUtf8());
            break;
        }

        // The host's end is orderly only when no call is left on it.
        await _client.SetAsync("c", Encoding.UTF8.GetBytes("after"), default);
    }

    [TestMethod]
    public async Task Interactive_Requests_AreAnsweredInOrderWhileMoreAreSent()
    {
        int count = 0;
        await foreach (QueryResponse response in _client.ExecuteInteractiveAsync(AskAsync(500)))
        {
            Assert.AreEqual($"{count++}", response.RequestId);
            Assert.IsNull(response.Error);
        }

        Assert.AreEqual(500, count);
        Assert.AreEqual(500, _store.RowCount);
    }

    [TestMethod]
    public async Task Interactive_ConversationWithAnswersInBetween_GoesOn()
    {
        var answered = new SemaphoreSlim(1);
        int count = 0;
        await foreach (QueryResponse response in _client.ExecuteInteractiveAsync(OneByOneAsync()))
        {
            Assert.IsNotNull(response.Result);
            count++;
            answered.Release();
        }

        Assert.AreEqual(5, count);

        async IAsyncEnumerable<QueryRequest> OneByOneAsync()
        {
            for (int i = 0; i < 5; i++)
            {
                await answered.WaitAsync(TestDeadline.Limit);
                yield return new QueryRequest { Query = AqlText.Parse($"set c/{i} x") };
            }
        }
    }

    [TestMethod]
    public async Task Interactive_RequestsFail_ThrowsWhatTheyThrew()
    {
        ExpectClientsThatLeave(_server);
        InvalidOperationException thrown = await Assert.ThrowsExactlyAsync<InvalidOperationException>(
            () => _client.ExecuteInteractiveAsync(FailAsync()).ToArrayAsync().AsTask().WithTimeout());

        Assert.AreEqual("out of questions", thrown.Message);

        static async IAsyncEnumerable<QueryRequest> FailAsync()
        {
            yield return new QueryRequest { Query = AqlText.Parse("get c/1") };
            await Task.Yield();
            throw new InvalidOperationException("out of questions");
        }
    }

    [TestMethod]
    public async Task Interactive_LeftEarly_Ends()
    {
        ExpectClientsThatLeave(_server);
        int count = 0;
        await foreach (QueryResponse response in _client.ExecuteInteractiveAsync(AskAsync(100_000)))
        {
            if (++count == 3)
            {
                break;
            }
        }

        Assert.AreEqual(HealthStatus.HealthServing, (await _client.CheckHealthAsync()).Status);
    }

    [TestMethod]
    public async Task HealthAndServerInfo_OverTheWire_AreTheEngines()
    {
        Assert.AreEqual(HealthStatus.HealthServing, (await _client.CheckHealthAsync()).Status);
        Assert.AreEqual(HealthStatus.HealthServing, (await _client.CheckHealthAsync(AqlProtocol.ServiceName)).Status);
        Assert.AreEqual(HealthStatus.HealthServiceUnknown, (await _client.CheckHealthAsync("other")).Status);
        ServerInfoResponse info = await _client.GetServerInfoAsync();
        Assert.IsTrue(AqlProtocol.IsSupported(info.Version));
        Assert.HasCount(6, info.Capabilities);
    }

    [TestMethod]
    public async Task Query_CallCancelled_ThrowsWithTheCallersToken()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        OperationCanceledException thrown = await Assert.ThrowsAsync<OperationCanceledException>(async () => await _client.QueryAsync(AqlText.Parse("get c/1"), cancelled.Token));

        Assert.AreEqual(cancelled.Token, thrown.CancellationToken);
    }

    [TestMethod]
    public async Task Value_OfTheLargestSize_GoesBothWays()
    {
        byte[] value = new byte[AqlLimits.Default.MaxValueSize];
        new Random(1).NextBytes(value);

        await _client.SetAsync("c", "k"u8.ToArray(), value);

        Assert.IsTrue((await _client.GetAsync("c", "k"u8.ToArray()))!.Data.Span.SequenceEqual(value));
    }

    private static async IAsyncEnumerable<QueryRequest> AskAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return new QueryRequest { Query = AqlText.Parse($"set c/{i:d6} x"), RequestId = $"{i}" };
        }
    }

    private async Task FillAsync(int rows)
    {
        await _client.BatchAsync(Enumerable.Range(0, rows).Select(i => AqlText.Parse($"set c/{i:d4} v")));
    }
}
