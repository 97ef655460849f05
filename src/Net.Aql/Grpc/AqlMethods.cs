using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>The methods of <c>amaters.aql.AqlService</c>.</summary>
public static class AqlMethods
{
    /// <summary>The service as its .proto file declares it.</summary>
    public static GrpcContract Contract { get; } = GrpcContract.From(AqlReflection.Descriptor, "AqlService");

    /// <summary>One query.</summary>
    public static GrpcUnaryMethod<QueryRequest, QueryResponse> ExecuteQuery { get; } = Contract.Unary<QueryRequest, QueryResponse>("ExecuteQuery");

    /// <summary>Several queries as one transaction.</summary>
    public static GrpcUnaryMethod<BatchRequest, BatchResponse> ExecuteBatch { get; } = Contract.Unary<BatchRequest, BatchResponse>("ExecuteBatch");

    /// <summary>One query, its rows in chunks.</summary>
    public static GrpcServerStreamingMethod<QueryRequest, StreamResponse> ExecuteStream { get; } = Contract.ServerStreaming<QueryRequest, StreamResponse>("ExecuteStream");

    /// <summary>Queries as they come, one answer for each, in order.</summary>
    public static GrpcDuplexMethod<QueryRequest, QueryResponse> ExecuteInteractive { get; } = Contract.Duplex<QueryRequest, QueryResponse>("ExecuteInteractive");

    /// <summary>Whether queries can be answered.</summary>
    public static GrpcUnaryMethod<HealthCheckRequest, HealthCheckResponse> HealthCheck { get; } = Contract.Unary<HealthCheckRequest, HealthCheckResponse>("HealthCheck");

    /// <summary>What the host speaks and can do.</summary>
    public static GrpcUnaryMethod<ServerInfoRequest, ServerInfoResponse> GetServerInfo { get; } = Contract.Unary<ServerInfoRequest, ServerInfoResponse>("GetServerInfo");
}
