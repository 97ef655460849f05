using System.Runtime.CompilerServices;
using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Serves an engine over gRPC. Errors of queries travel in the responses; a status other than OK comes from the transport or from admission alone.</summary>
/// <param name="engine">The engine; it may serve other transports beside.</param>
/// <param name="access">Says what callers may do with collections; <c>null</c>: everything, to whoever may call the methods.</param>
/// <example>
/// <code>
/// app.MapNetGrpc(AqlService.Definition, new AqlService(engine));
/// </code>
/// </example>
public sealed class AqlService(AqlEngine engine, AqlAccess? access = null)
{
    /// <summary>The service's methods, for the server to map.</summary>
    public static GrpcServiceDefinition<AqlService> Definition { get; } = GrpcServiceDefinition.Create<AqlService>(AqlMethods.Contract, methods => methods
        .Unary(AqlMethods.ExecuteQuery, static (service, request, context) => service.ExecuteQueryAsync(request, context))
        .Unary(AqlMethods.ExecuteBatch, static (service, request, context) => service.ExecuteBatchAsync(request, context))
        .ServerStreaming(AqlMethods.ExecuteStream, static (service, request, responses, context) => service.ExecuteStreamAsync(request, responses, context))
        .Duplex(AqlMethods.ExecuteInteractive, static (service, requests, responses, context) => service.ExecuteInteractiveAsync(requests, responses, context))
        .Unary(AqlMethods.HealthCheck, static (service, request, _) => ValueTask.FromResult(service.Engine.CheckHealth(request)))
        .Unary(AqlMethods.GetServerInfo, static (service, _, _) => ValueTask.FromResult(service.Engine.GetServerInfo())));

    /// <summary>The engine.</summary>
    public AqlEngine Engine { get; } = engine ?? throw new ArgumentNullException(nameof(engine));

    private async ValueTask<QueryResponse> ExecuteQueryAsync(QueryRequest request, GrpcServerContext context)
    {
        access?.Require(context, request.Query);
        return await Engine.ExecuteQueryAsync(request, context.CancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<BatchResponse> ExecuteBatchAsync(BatchRequest request, GrpcServerContext context)
    {
        if (access is not null)
        {
            foreach (Query query in request.Queries)
            {
                access.Require(context, query);
            }
        }

        return await Engine.ExecuteBatchAsync(request, context.CancellationToken).ConfigureAwait(false);
    }

    private async ValueTask ExecuteStreamAsync(QueryRequest request, GrpcMessageWriter<StreamResponse> responses, GrpcServerContext context)
    {
        access?.Require(context, request.Query);
        await foreach (StreamResponse response in Engine.ExecuteStreamAsync(request, context.CancellationToken).ConfigureAwait(false))
        {
            // A stream may take long enough for a right to be taken away meanwhile.
            access?.Require(context, request.Query);
            await responses.WriteAsync(response, context.CancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask ExecuteInteractiveAsync(GrpcMessageReader<QueryRequest> requests, GrpcMessageWriter<QueryResponse> responses, GrpcServerContext context)
    {
        IAsyncEnumerable<QueryRequest> allowed = access is null ? requests : RequireEachAsync(requests, access, context);
        await foreach (QueryResponse response in Engine.ExecuteInteractiveAsync(allowed, context.CancellationToken).ConfigureAwait(false))
        {
            await responses.WriteAsync(response, context.CancellationToken).ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<QueryRequest> RequireEachAsync(
        GrpcMessageReader<QueryRequest> requests, AqlAccess access, GrpcServerContext context, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (QueryRequest request in requests.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            access.Require(context, request.Query);
            yield return request;
        }
    }
}
