using System.Runtime.CompilerServices;
using Google.Protobuf;
using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Asks an AQL host over gRPC. Its members may be called from many threads at once.</summary>
/// <param name="client">Makes the calls. The caller disposes it, after the last one.</param>
/// <remarks>
/// All members throw <see cref="GrpcException"/> when the call failed on its way, and <see cref="OperationCanceledException"/> when the token was cancelled. Members that return
/// what a query asked for, and no response message, throw <see cref="AqlException"/> when the host refused the query. Reads are marked as free of side effects and sets of one row as idempotent,
/// so that retry and 0-RTT may send them again; everything else is sent once.
/// </remarks>
/// <example>
/// <code>
/// var aql = new AqlClient(client);
/// await aql.QueryAsync(AqlText.Parse("set users/42 \"Ada\""));
/// await foreach (KeyValue row in aql.StreamAsync(AqlText.Parse("range users a..b")))
/// {
///     Console.WriteLine(AqlText.FormatBytes(row.Key.Data));
/// }
/// </code>
/// </example>
public sealed class AqlClient(GrpcClient client)
{
    private readonly GrpcClient _client = client ?? throw new ArgumentNullException(nameof(client));

    /// <summary>Reads the value of one row.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The value, or <c>null</c> when there is no such row.</returns>
    public async ValueTask<CipherBlob?> GetAsync(string collection, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        QueryResult result = await QueryAsync(new Query { Get = new GetQuery { Collection = collection, Key = ToKey(key) } }, cancellationToken).ConfigureAwait(false);
        return result.Single?.Value;
    }

    /// <summary>Writes one row, whether it was there or not.</summary>
    /// <param name="collection">The collection; it begins with its first row.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value. The host adds metadata for it.</param>
    /// <param name="cancellationToken">Cancels the call; the row may be written all the same.</param>
    /// <returns>A task that ends when the host has acknowledged the write.</returns>
    public async ValueTask SetAsync(string collection, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        var blob = new CipherBlob { Data = ByteString.CopyFrom(value.Span) };
        await QueryAsync(new Query { Set = new SetQuery { Collection = collection, Key = ToKey(key), Value = blob } }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes one row.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Cancels the call; the row may be deleted all the same.</param>
    /// <returns>Whether there was one.</returns>
    public async ValueTask<bool> DeleteAsync(string collection, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        QueryResult result = await QueryAsync(new Query { Delete = new DeleteQuery { Collection = collection, Key = ToKey(key) } }, cancellationToken).ConfigureAwait(false);
        return result.Success is { AffectedRows: > 0 };
    }

    /// <summary>Asks one query.</summary>
    /// <param name="query">The query; <see cref="AqlText.Parse"/> makes one of text.</param>
    /// <param name="cancellationToken">Cancels the call; a write may take effect all the same.</param>
    /// <returns>The result.</returns>
    public async ValueTask<QueryResult> QueryAsync(Query query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var request = new QueryRequest { Query = query, Version = AqlProtocol.CreateVersion() };
        QueryResponse response = await ExecuteQueryAsync(request, null, cancellationToken).ConfigureAwait(false);
        return response.Error is { } error ? throw new AqlException(error) : response.Result ?? throw NoAnswer();
    }

    /// <summary>Asks several queries as one transaction: all take effect, or none.</summary>
    /// <param name="queries">The queries.</param>
    /// <param name="cancellationToken">Cancels the call; the writes may take effect all the same, all together.</param>
    /// <returns>A result for each query, in order.</returns>
    public async ValueTask<IReadOnlyList<QueryResult>> BatchAsync(IEnumerable<Query> queries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        var request = new BatchRequest { Queries = { queries }, Version = AqlProtocol.CreateVersion() };
        BatchResponse response = await ExecuteBatchAsync(request, null, cancellationToken).ConfigureAwait(false);
        return response.Error is { } error ? throw new AqlException(error) : response.Results?.Results ?? throw NoAnswer();
    }

    /// <summary>Asks one query and reads its rows as they come, however many. The host's order and count are checked.</summary>
    /// <param name="query">The query.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The rows as they were when the stream began; none for a query that returns none.</returns>
    /// <exception cref="AqlException"><see cref="ErrorCode.ProtocolMalformedMessage"/>: messages are missing or doubled. Others are the host's.</exception>
    public async IAsyncEnumerable<KeyValue> StreamAsync(Query query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var request = new QueryRequest { Query = query, Version = AqlProtocol.CreateVersion() };
        var check = new StreamCheck();
        await foreach (StreamResponse response in ExecuteStreamAsync(request, null, cancellationToken).ConfigureAwait(false))
        {
            foreach (KeyValue row in check.Take(response))
            {
                yield return row;
            }
        }

        check.End();
    }

    /// <summary>Asks one query, as a message.</summary>
    /// <param name="request">The request, sent as it is.</param>
    /// <param name="options">How the call is made; <c>null</c>: the defaults, with the idempotency of the query.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The response, also when it holds an error.</returns>
    public ValueTask<QueryResponse> ExecuteQueryAsync(QueryRequest request, GrpcCallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _client.UnaryAsync(AqlMethods.ExecuteQuery, request, WithIdempotency(options, request.Query), cancellationToken);
    }

    /// <summary>Asks several queries as one transaction, as a message.</summary>
    /// <inheritdoc cref="ExecuteQueryAsync"/>
    public ValueTask<BatchResponse> ExecuteBatchAsync(BatchRequest request, GrpcCallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool reads = request.Queries.All(query => !QueryExecutor.Writes(query));
        options ??= GrpcCallOptions.Default;
        return _client.UnaryAsync(
            AqlMethods.ExecuteBatch, request, options with { Idempotency = options.Idempotency ?? (reads ? Idempotency.NoSideEffects : null) }, cancellationToken);
    }

    /// <summary>Asks one query and gives the messages of its stream as they come.</summary>
    /// <param name="request">The request, sent as it is.</param>
    /// <param name="options">How the call is made; <c>null</c>: the defaults, with the idempotency of the query.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The messages, also one that holds an error.</returns>
    public async IAsyncEnumerable<StreamResponse> ExecuteStreamAsync(
        QueryRequest request, GrpcCallOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        GrpcServerStreamingCall<StreamResponse> call = _client.ServerStreaming(AqlMethods.ExecuteStream, request, WithIdempotency(options, request.Query), cancellationToken);
        await using (call.ConfigureAwait(false))
        {
            while (await call.Responses.ReadAsync(cancellationToken).ConfigureAwait(false) is { } response)
            {
                yield return response;
            }
        }
    }

    /// <summary>Asks queries as they come, over one stream, and gives one response for each, in order. Queries are sent without waiting for responses.</summary>
    /// <param name="requests">The requests, sent as they are.</param>
    /// <param name="options">How the call is made; <c>null</c>: the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The responses, also those that hold an error. What reading the requests throws is thrown here.</returns>
    public async IAsyncEnumerable<QueryResponse> ExecuteInteractiveAsync(
        IAsyncEnumerable<QueryRequest> requests, GrpcCallOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        GrpcDuplexCall<QueryRequest, QueryResponse> call = _client.Duplex(AqlMethods.ExecuteInteractive, options, cancellationToken);
        await using (call.ConfigureAwait(false))
        {
            // What the caller's own code throws ends the call; what the transport throws is told better by the responses.
            var sending = new RequestPump(call, requests, stopping.Token);
            try
            {
                while (await sending.ReadAsync(cancellationToken).ConfigureAwait(false) is { } response)
                {
                    yield return response;
                }
            }
            finally
            {
                await stopping.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks whether queries can be answered.</summary>
    /// <param name="service">The service asked about; <c>null</c>: the host as a whole.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The response.</returns>
    public ValueTask<HealthCheckResponse> CheckHealthAsync(string? service = null, CancellationToken cancellationToken = default)
    {
        var request = new HealthCheckRequest();
        if (service is not null)
        {
            request.Service = service;
        }

        return _client.UnaryAsync(AqlMethods.HealthCheck, request, null, cancellationToken);
    }

    /// <summary>Asks what the host speaks and can do.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The response.</returns>
    public ValueTask<ServerInfoResponse> GetServerInfoAsync(CancellationToken cancellationToken = default) =>
        _client.UnaryAsync(AqlMethods.GetServerInfo, new ServerInfoRequest(), null, cancellationToken);

    private static Key ToKey(ReadOnlyMemory<byte> key) => new() { Data = ByteString.CopyFrom(key.Span) };

    private static AqlException NoAnswer() => new(ErrorCode.ProtocolMalformedMessage, "The host answered with neither a result nor an error.");

    private static GrpcCallOptions WithIdempotency(GrpcCallOptions? options, Query? query)
    {
        options ??= GrpcCallOptions.Default;
        return options.Idempotency is not null ? options : options with
        {
            Idempotency = query?.QueryCase switch
            {
                Query.QueryOneofCase.Get or Query.QueryOneofCase.Range or Query.QueryOneofCase.Filter => Idempotency.NoSideEffects,
                Query.QueryOneofCase.Set => Idempotency.Idempotent,
                _ => null,
            },
        };
    }
}
