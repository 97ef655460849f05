using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Serves an engine over gRPC. Errors of queries travel in the responses; a status other than OK comes from the transport or from admission alone.</summary>
/// <param name="engine">The engine; it may serve other transports beside.</param>
/// <example>
/// <code>
/// app.MapNetGrpc(AqlService.Definition, new AqlService(engine));
/// </code>
/// </example>
public sealed class AqlService(AqlEngine engine)
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

    private async ValueTask<QueryResponse> ExecuteQueryAsync(QueryRequest request, GrpcServerContext context) =>
        await Engine.ExecuteQueryAsync(request, context.CancellationToken).ConfigureAwait(false);

    private async ValueTask<BatchResponse> ExecuteBatchAsync(BatchRequest request, GrpcServerContext context) =>
        await Engine.ExecuteBatchAsync(request, context.CancellationToken).ConfigureAwait(false);

    private async ValueTask ExecuteStreamAsync(QueryRequest request, GrpcMessageWriter<StreamResponse> responses, GrpcServerContext context)
    {
        await foreach (StreamResponse response in Engine.ExecuteStreamAsync(request, context.CancellationToken).ConfigureAwait(false))
        {
            await responses.WriteAsync(response, context.CancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask ExecuteInteractiveAsync(GrpcMessageReader<QueryRequest> requests, GrpcMessageWriter<QueryResponse> responses, GrpcServerContext context)
    {
        await foreach (QueryResponse response in Engine.ExecuteInteractiveAsync(requests, context.CancellationToken).ConfigureAwait(false))
        {
            await responses.WriteAsync(response, context.CancellationToken).ConfigureAwait(false);
        }
    }
}
