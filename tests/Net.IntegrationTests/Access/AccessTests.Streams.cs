using System.Threading.Channels;
using Net.Aql;
using Net.Grpc;
using Net.Protocol.Aql;
using Net.Security;
using Net.Testing;

namespace Net.IntegrationTests.Access;

/// <content>What goes on for a while: streamed and interactive queries.</content>
public sealed partial class AccessTests
{
    [TestMethod]
    [DataRow(3, 4)]
    [DataRow(2, 16)]
    public async Task Stream_CredentialExpiresWhileItsClientDoesNotRead_EndsWithTheStatusBehindWhatWasSent(int version, int batches)
    {
        // Chunks of 2 MB, more than lies between a server and a client that does not read: the window of HttpClient over HTTP/2 grows to 16 MiB on a fast path, beside the buffers of the sockets.
        const int size = 20_000;
        const int perBatch = 100;
        int count = batches * perBatch;
        using GrpcClient grpc = _site.CreateGrpc(version);
        var aql = new AqlClient(grpc);
        for (int first = 0; first < count; first += perBatch)
        {
            var batch = new BatchRequest { Queries = { Enumerable.Range(first, perBatch).Select(static i => AqlText.Parse($"set rows/{i:0000} \"{new string('x', size)}\"")) } };
            Assert.AreEqual(BatchResponse.ResponseOneofCase.Results, (await aql.ExecuteBatchAsync(batch, Call).AsTask().WithTimeout()).ResponseCase);
        }

        await using IAsyncEnumerator<StreamResponse> chunks = aql.ExecuteStreamAsync(Request("range rows \"\"..\"9\""), Call).GetAsyncEnumerator();
        Assert.IsTrue(await chunks.MoveNextAsync().AsTask().WithTimeout());
        int received = chunks.Current.Batch.Values.Count;

        _site.Time.Advance(TimeSpan.FromHours(1));

        await RefusedAsync(GrpcStatusCode.Unauthenticated, Unknown, async () =>
        {
            while (await chunks.MoveNextAsync())
            {
                received += chunks.Current.Batch?.Values.Count ?? 0;
            }
        });
        Assert.IsInRange(perBatch, count - perBatch, received);
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Interactive_ForbiddenQuery_EndsTheSessionAfterTheAnswersBefore(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        Channel<QueryRequest> queries = Channel.CreateUnbounded<QueryRequest>();
        await using IAsyncEnumerator<QueryResponse> answers = new AqlClient(grpc).ExecuteInteractiveAsync(queries.Reader.ReadAllAsync(), Call).GetAsyncEnumerator();
        queries.Writer.TryWrite(Request("set rows/1 \"a\""));
        Assert.IsTrue(await answers.MoveNextAsync().AsTask().WithTimeout());

        queries.Writer.TryWrite(Request("set other/1 \"a\""));

        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => answers.MoveNextAsync().AsTask());
        queries.Writer.Complete();
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Interactive_ForbiddenQueryInTheMiddle_RunsNothingOfItNorAfterIt(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        await _site.Rows.ExecuteQueryAsync(Request("set other/1 \"kept\"")).WithTimeout();
        QueryRequest[] queries = [Request("set rows/1 \"a\""), Request("set rows/2 \"b\""), Request("delete other/1"), Request("set rows/3 \"c\"")];
        await using IAsyncEnumerator<QueryResponse> answers = new AqlClient(grpc).ExecuteInteractiveAsync(queries.ToAsyncEnumerable(), Call).GetAsyncEnumerator();

        Assert.IsTrue(await answers.MoveNextAsync().AsTask().WithTimeout());
        Assert.IsTrue(await answers.MoveNextAsync().AsTask().WithTimeout());
        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => answers.MoveNextAsync().AsTask());

        Assert.AreEqual("a b - kept", string.Join(' ', await ValueAsync("rows/1"), await ValueAsync("rows/2"), await ValueAsync("rows/3"), await ValueAsync("other/1")));
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Stream_OfAForbiddenCollection_IsRefusedBeforeAnythingRuns(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        await _site.Rows.ExecuteQueryAsync(Request("set other/1 \"kept\"")).WithTimeout();
        foreach (string query in new[] { "set other/1 \"x\"", "delete other/1", "update other where key = \"1\" set value = \"x\"" })
        {
            int received = 0;
            await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, async () =>
            {
                await foreach (StreamResponse _ in new AqlClient(grpc).ExecuteStreamAsync(Request(query), Call))
                {
                    received++;
                }
            });
            Assert.AreEqual(0, received, query);
        }

        Assert.AreEqual("kept", await ValueAsync("other/1"));
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Stream_RightForItsCollectionTakenAwayInTheMiddle_EndsThere(int version)
    {
        // More chunks than lie between a server and a client that does not read.
        const int count = 1600;
        for (int first = 0; first < count; first += 100)
        {
            var batch = new BatchRequest { Queries = { Enumerable.Range(first, 100).Select(static i => AqlText.Parse($"set rows/{i:0000} \"{new string('x', 20_000)}\"")) } };
            Assert.AreEqual(BatchResponse.ResponseOneofCase.Results, (await _site.Rows.ExecuteBatchAsync(batch).WithTimeout()).ResponseCase);
        }

        using GrpcClient grpc = _site.CreateGrpc(version);
        await using IAsyncEnumerator<StreamResponse> chunks = new AqlClient(grpc).ExecuteStreamAsync(Request("range rows \"\"..\"9\""), Call).GetAsyncEnumerator();
        Assert.IsTrue(await chunks.MoveNextAsync().AsTask().WithTimeout());
        int received = chunks.Current.Batch.Values.Count;
        AccessOptions options = _site.Options();
        var role = new RoleOptions { Allow = ["grpc:*", "aql:*:*"], Deny = ["aql:read:rows"] };

        _site.Gate.Update(options with { Authorization = new AuthorizationOptions { Roles = new Dictionary<string, RoleOptions> { ["app"] = role } } });

        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, async () =>
        {
            while (await chunks.MoveNextAsync())
            {
                received += chunks.Current.Batch?.Values.Count ?? 0;
            }
        });
        Assert.IsInRange(1, count - 100, received);
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Interactive_CredentialExpiresInBetween_EndsTheSession(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        Channel<QueryRequest> queries = Channel.CreateUnbounded<QueryRequest>();
        await using IAsyncEnumerator<QueryResponse> answers = new AqlClient(grpc).ExecuteInteractiveAsync(queries.Reader.ReadAllAsync(), Call).GetAsyncEnumerator();
        queries.Writer.TryWrite(Request("get rows/1"));
        Assert.IsTrue(await answers.MoveNextAsync().AsTask().WithTimeout());

        _site.Time.Advance(TimeSpan.FromHours(1));
        queries.Writer.TryWrite(Request("get rows/1"));

        await RefusedAsync(GrpcStatusCode.Unauthenticated, Unknown, () => answers.MoveNextAsync().AsTask());
        queries.Writer.Complete();
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Interactive_CredentialExpiresWhileTheSessionIsIdle_CutsIt(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        Channel<QueryRequest> queries = Channel.CreateUnbounded<QueryRequest>();
        await using IAsyncEnumerator<QueryResponse> answers = new AqlClient(grpc).ExecuteInteractiveAsync(queries.Reader.ReadAllAsync(), Call).GetAsyncEnumerator();
        queries.Writer.TryWrite(Request("get rows/1"));
        Assert.IsTrue(await answers.MoveNextAsync().AsTask().WithTimeout());
        Task<bool> next = answers.MoveNextAsync().AsTask();

        // A moment before the end it is open, however often it was looked at.
        _site.Time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1));
        Assert.IsFalse(next.IsCompleted);
        _site.Time.Advance(TimeSpan.FromMilliseconds(1));

        await RefusedAsync(GrpcStatusCode.Unauthenticated, Unknown, () => next);
        queries.Writer.Complete();
    }

    [TestMethod]
    public async Task Interactive_RightTakenAwayWhileTheSessionIsIdle_CutsIt()
    {
        using GrpcClient grpc = _site.CreateGrpc(3);
        Channel<QueryRequest> queries = Channel.CreateUnbounded<QueryRequest>();
        await using IAsyncEnumerator<QueryResponse> answers = new AqlClient(grpc).ExecuteInteractiveAsync(queries.Reader.ReadAllAsync(), Call).GetAsyncEnumerator();
        queries.Writer.TryWrite(Request("get rows/1"));
        Assert.IsTrue(await answers.MoveNextAsync().AsTask().WithTimeout());

        _site.Gate.Update(_site.Options() with { Authorization = new AuthorizationOptions { Roles = new Dictionary<string, RoleOptions> { ["app"] = new() } } });
        _site.Time.Advance(_site.Options().RecheckInterval);

        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => answers.MoveNextAsync().AsTask());
        queries.Writer.Complete();
    }

    [TestMethod]
    public async Task Interactive_RightTakenAwayInBetween_EndsTheSession()
    {
        using GrpcClient grpc = _site.CreateGrpc(3);
        Channel<QueryRequest> queries = Channel.CreateUnbounded<QueryRequest>();
        await using IAsyncEnumerator<QueryResponse> answers = new AqlClient(grpc).ExecuteInteractiveAsync(queries.Reader.ReadAllAsync(), Call).GetAsyncEnumerator();
        queries.Writer.TryWrite(Request("get rows/1"));
        Assert.IsTrue(await answers.MoveNextAsync().AsTask().WithTimeout());

        AccessOptions options = _site.Options();
        _site.Gate.Update(options with { Authorization = new AuthorizationOptions { Roles = new Dictionary<string, RoleOptions> { ["app"] = new() } } });
        queries.Writer.TryWrite(Request("get rows/1"));

        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => answers.MoveNextAsync().AsTask());
        queries.Writer.Complete();
    }

    private async Task<string> ValueAsync(string row)
    {
        QueryResponse answer = await _site.Rows.ExecuteQueryAsync(Request("get " + row)).WithTimeout();
        return answer.Result.Single.Value is { } value ? value.Data.ToStringUtf8() : "-";
    }
}
