using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Protocol.Aql;
using ProtocolVersion = Net.Protocol.Aql.Version;

namespace Net.Aql;

/// <summary>Answers the requests of AQL from a store, whatever transport they came by. protocol/aql.md says what each promises.</summary>
/// <remarks>
/// What is wrong with a query, or with the store, is an answer and not an exception: a response that holds an error. The methods throw
/// <see cref="OperationCanceledException"/> when the caller's token is cancelled, and <see cref="ArgumentNullException"/>; nothing else. Safe for use by many threads.
/// </remarks>
public sealed class AqlEngine
{
    private readonly AqlStore _store;
    private readonly AqlEngineOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly long _start;

    /// <summary>Makes an engine.</summary>
    /// <param name="store">The store. It stays the caller's to dispose, after the last request has ended.</param>
    /// <param name="timeProvider">Measures timeouts, and dates values that come without metadata.</param>
    /// <param name="options">Timeouts; <c>null</c>: the defaults.</param>
    /// <param name="logger">Is told of faults of the host.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public AqlEngine(AqlStore store, TimeProvider timeProvider, AqlEngineOptions? options = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(timeProvider);
        _options = options ?? AqlEngineOptions.Default;
        _options.Validate();
        _store = store;
        _timeProvider = timeProvider;
        _logger = logger ?? NullLogger.Instance;
        _start = timeProvider.GetTimestamp();
    }

    /// <summary>The store that answers come from.</summary>
    public AqlStore Store => _store;

    /// <summary>Answers one query.</summary>
    /// <param name="request">The query. It must not change until the answer is there.</param>
    /// <param name="cancellationToken">Ends the query. A write that is on its way to the disk then may or may not take effect.</param>
    /// <returns>The result or an error, with the request's id.</returns>
    public async Task<QueryResponse> ExecuteQueryAsync(QueryRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        QueryDeadline deadline = StartDeadline(request.HasTimeoutMs ? request.TimeoutMs : null, _options.DefaultTimeout, cancellationToken);
        var response = new QueryResponse();
        try
        {
            CheckRequest(request);
            response.Result = (await ExecuteAsync([request.Query], deadline, isBatch: false).ConfigureAwait(false))[0];
        }
        catch (Exception failure) when (IsAnswer(failure, cancellationToken))
        {
            response.Error = ToError(failure);
        }

        if (request.HasRequestId)
        {
            response.RequestId = request.RequestId;
        }

        response.ExecutionTimeMs = deadline.ElapsedMilliseconds;
        AqlDiagnostics.Record(KindOf(request.Query), response.Error, deadline.Start, _timeProvider);
        return response;
    }

    /// <summary>Answers several queries as one transaction: all take effect or none, nobody sees them in between, and each sees what those before it wrote.</summary>
    /// <param name="request">The queries. It must not change until the answer is there.</param>
    /// <param name="cancellationToken">Ends the batch. Writes that are on their way to the disk then may or may not take effect, all together.</param>
    /// <returns>A result for each query, in order, or one error; with the request's id.</returns>
    public async Task<BatchResponse> ExecuteBatchAsync(BatchRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        QueryDeadline deadline = StartDeadline(request.HasTimeoutMs ? request.TimeoutMs : null, _options.DefaultTimeout, cancellationToken);
        var response = new BatchResponse();
        try
        {
            CheckRequest(request);
            response.Results = new BatchResult { Results = { await ExecuteAsync(request.Queries, deadline, isBatch: true).ConfigureAwait(false) } };
        }
        catch (Exception failure) when (IsAnswer(failure, cancellationToken))
        {
            response.Error = ToError(failure);
        }

        if (request.HasRequestId)
        {
            response.RequestId = request.RequestId;
        }

        response.ExecutionTimeMs = deadline.ElapsedMilliseconds;
        AqlDiagnostics.Record("batch", response.Error, deadline.Start, _timeProvider);
        return response;
    }

    /// <summary>Answers one query with its rows in chunks, all of them as they were when the stream began.</summary>
    /// <param name="request">The query. It must not change until the stream has ended.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>Chunks of at most <see cref="AqlProtocol.StreamChunkRows"/> rows, then the end with the total; or an error as the last message. Messages are numbered from 0.</returns>
    public async IAsyncEnumerable<StreamResponse> ExecuteStreamAsync(QueryRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        QueryDeadline deadline = StartDeadline(request.HasTimeoutMs ? request.TimeoutMs : null, Timeout.InfiniteTimeSpan, cancellationToken);
        using var chunks = new ChunkReader(_store.Options.Limits.MaxResponseBytes);
        ErrorResponse? error = null;
        ulong total = 0;
        try
        {
            CheckRequest(request);
            if (request.Query is { } query && QueryExecutor.Writes(query))
            {
                total = (await ExecuteAsync([query], deadline, isBatch: false).ConfigureAwait(false))[0].Success.AffectedRows;
            }
            else
            {
                deadline.ThrowIfOver();
                chunks.Begin(QueryExecutor.Rows(request.Query!, ReadTransaction(), CreateContext(deadline)));
            }
        }
        catch (Exception failure) when (IsAnswer(failure, cancellationToken))
        {
            error = ToError(failure);
        }

        ulong sequence = 0;
        while (error is null && chunks.HasMore)
        {
            StreamBatch? batch = null;
            try
            {
                deadline.ThrowIfOver();
                batch = chunks.Next();
                total += (ulong)batch.Values.Count;
            }
            catch (Exception failure) when (IsAnswer(failure, cancellationToken))
            {
                error = ToError(failure);
            }

            if (batch is not null)
            {
                yield return new StreamResponse { Batch = batch, Sequence = sequence++ };
            }
        }

        AqlDiagnostics.Record(KindOf(request.Query), error, deadline.Start, _timeProvider);
        yield return error is null
            ? new StreamResponse { End = new StreamEnd { TotalCount = total }, Sequence = sequence }
            : new StreamResponse { Error = error, Sequence = sequence };
    }

    /// <summary>Answers queries as they come: one answer for each, in order. The next is read when the answer before was taken.</summary>
    /// <param name="requests">The queries.</param>
    /// <param name="cancellationToken">Ends the query that is being answered, and the whole.</param>
    /// <returns>The answers. They end when the queries do, and fail when reading them fails.</returns>
    public async IAsyncEnumerable<QueryResponse> ExecuteInteractiveAsync(
        IAsyncEnumerable<QueryRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        await foreach (QueryRequest request in requests.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return await ExecuteQueryAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says whether queries can be answered.</summary>
    /// <param name="request">The service asked about: none for the host, or <see cref="AqlProtocol.ServiceName"/>.</param>
    /// <returns>Serving while the store can be written to or its disk is full; not serving once it has failed or is closed; unknown for another service.</returns>
    public HealthCheckResponse CheckHealth(HealthCheckRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.HasService && request.Service.Length > 0 && request.Service != AqlProtocol.ServiceName)
        {
            return new HealthCheckResponse { Status = HealthStatus.HealthServiceUnknown, Message = $"This is {AqlProtocol.ServiceName}." };
        }

        AqlStoreCondition condition = _store.Condition;
        var response = new HealthCheckResponse
        {
            Status = condition is AqlStoreCondition.Healthy or AqlStoreCondition.Full ? HealthStatus.HealthServing : HealthStatus.HealthNotServing,
        };
        if (condition == AqlStoreCondition.Closed)
        {
            response.Message = "The host is about to end.";
        }
        else if (_store.Reason is { } reason)
        {
            response.Message = reason;
        }

        return response;
    }

    /// <summary>Says what this host speaks and can do.</summary>
    /// <returns>A new message.</returns>
    public ServerInfoResponse GetServerInfo() => new()
    {
        Version = AqlProtocol.CreateVersion(),
        SupportedVersions = { AqlProtocol.CreateVersion() },
        Capabilities = { AqlProtocol.Capabilities },
        UptimeSeconds = (ulong)_timeProvider.GetElapsedTime(_start).TotalSeconds,
    };

    private static List<QueryResult> Run(IReadOnlyList<Query> queries, StoreTransaction transaction, QueryContext context, bool isBatch)
    {
        var results = new List<QueryResult>(queries.Count);
        foreach (Query query in queries)
        {
            try
            {
                results.Add(QueryExecutor.Execute(query, transaction, context));
            }
            catch (AqlException failure) when (isBatch)
            {
                throw new AqlException(failure.Code, failure.Message, failure)
                {
                    Details = $"Query {results.Count + 1} of {queries.Count}; no query of the batch took effect.",
                    RetryAfter = failure.RetryAfter,
                };
            }
        }

        return results;
    }

    private static void CheckRequest(QueryRequest request)
    {
        CheckVersion(request.Version);
        if (request.HasTransactionId && request.TransactionId.Length > 0)
        {
            throw new AqlException(
                ErrorCode.ProtocolInvalidRequest,
                "There are no transactions across requests, so no query can join one. Send the queries of a transaction in one batch, and no transaction_id.");
        }
    }

    private static void CheckVersion(ProtocolVersion? version)
    {
        if (!AqlProtocol.IsSupported(version))
        {
            ProtocolVersion own = AqlProtocol.CreateVersion();
            throw new AqlException(
                ErrorCode.ProtocolUnsupportedVersion,
                $"The request is of version {version!.Major}.{version.Minor}.{version.Patch}; this host speaks {own.Major}.{own.Minor}, whatever the patch.");
        }
    }

    private static string KindOf(Query? query) => query?.QueryCase switch
    {
        Query.QueryOneofCase.Get => "get",
        Query.QueryOneofCase.Set => "set",
        Query.QueryOneofCase.Delete => "delete",
        Query.QueryOneofCase.Filter => "filter",
        Query.QueryOneofCase.Update => "update",
        Query.QueryOneofCase.Range => "range",
        _ => "none",
    };

    // The caller's own cancellation is the one failure that nobody waits to be told of.
    private static bool IsAnswer(Exception failure, CancellationToken cancellationToken) =>
        failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested;

    private void CheckRequest(BatchRequest request)
    {
        CheckVersion(request.Version);
        // Batches run one after the other, which is more than any level asks for.
        if (request.IsolationLevel is < IsolationLevel.IsolationDefault or > IsolationLevel.IsolationSerializable)
        {
            throw new AqlException(ErrorCode.ProtocolInvalidRequest, $"The isolation level {(int)request.IsolationLevel} is unknown; it is 0 to {(int)IsolationLevel.IsolationSerializable}.");
        }

        if (request.Queries.Count > _store.Options.Limits.MaxBatchQueries)
        {
            throw new AqlException(
                ErrorCode.ValidationSizeExceeded,
                $"The batch has {request.Queries.Count} queries; it may have {_store.Options.Limits.MaxBatchQueries}. Split it, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxBatchQueries)}.");
        }
    }

    private QueryDeadline StartDeadline(uint? timeoutMilliseconds, TimeSpan otherwise, CancellationToken cancellationToken)
    {
        TimeSpan limit = timeoutMilliseconds is uint asked ? TimeSpan.FromMilliseconds(asked) : otherwise;
        if (timeoutMilliseconds is not null && limit > _options.MaxTimeout)
        {
            limit = _options.MaxTimeout;
        }

        return new QueryDeadline(limit == Timeout.InfiniteTimeSpan ? null : limit, _timeProvider, cancellationToken);
    }

    private QueryContext CreateContext(QueryDeadline deadline) => new(_store.Options.Limits, deadline, _timeProvider.GetUtcNow());

    private StoreTransaction ReadTransaction() => _store.Condition == AqlStoreCondition.Closed
        ? throw new AqlException(ErrorCode.ServerShuttingDown, "The store is closed: the host is about to end. Try another host, or later.")
        : new StoreTransaction(_store.Published, _store.Options.Limits);

    private async Task<List<QueryResult>> ExecuteAsync(IReadOnlyList<Query> queries, QueryDeadline deadline, bool isBatch)
    {
        if (!queries.Any(query => query is not null && QueryExecutor.Writes(query)))
        {
            return Run(queries, ReadTransaction(), CreateContext(deadline), isBatch);
        }

        return await _store.WriteAsync(transaction => Run(queries, transaction, CreateContext(deadline), isBatch), deadline).ConfigureAwait(false);
    }

    private ErrorResponse ToError(Exception failure)
    {
        if (failure is AqlException refusal)
        {
            return refusal.ToResponse();
        }

        AqlLog.QueryFailed(_logger, failure);
        return new AqlException(ErrorCode.ServerInternal, "The host failed to answer; its log says why.").ToResponse();
    }
}
