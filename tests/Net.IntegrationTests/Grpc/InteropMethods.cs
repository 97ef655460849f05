using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;

namespace Net.IntegrationTests.Grpc;

/// <summary>The methods of gRPC's interop services.</summary>
internal static class InteropMethods
{
    public static GrpcContract Contract { get; } = GrpcContract.From(TestReflection.Descriptor, "TestService");

    public static GrpcContract UnimplementedContract { get; } = GrpcContract.From(TestReflection.Descriptor, "UnimplementedService");

    public static GrpcUnaryMethod<Empty, Empty> EmptyCall { get; } = Contract.Unary<Empty, Empty>("EmptyCall");

    public static GrpcUnaryMethod<SimpleRequest, SimpleResponse> UnaryCall { get; } = Contract.Unary<SimpleRequest, SimpleResponse>("UnaryCall");

    public static GrpcServerStreamingMethod<StreamingOutputCallRequest, StreamingOutputCallResponse> StreamingOutputCall { get; } =
        Contract.ServerStreaming<StreamingOutputCallRequest, StreamingOutputCallResponse>("StreamingOutputCall");

    public static GrpcClientStreamingMethod<StreamingInputCallRequest, StreamingInputCallResponse> StreamingInputCall { get; } =
        Contract.ClientStreaming<StreamingInputCallRequest, StreamingInputCallResponse>("StreamingInputCall");

    public static GrpcDuplexMethod<StreamingOutputCallRequest, StreamingOutputCallResponse> FullDuplexCall { get; } =
        Contract.Duplex<StreamingOutputCallRequest, StreamingOutputCallResponse>("FullDuplexCall");

    public static GrpcUnaryMethod<Empty, Empty> UnimplementedCall { get; } = Contract.Unary<Empty, Empty>("UnimplementedCall");

    public static GrpcUnaryMethod<Empty, Empty> UnimplementedServiceCall { get; } = UnimplementedContract.Unary<Empty, Empty>("UnimplementedCall");

    public static GrpcServiceDefinition<InteropService> Definition { get; } = GrpcServiceDefinition.Create<InteropService>(Contract, methods => methods
        .Unary(EmptyCall, static (_, _, context) => InteropService.EmptyAsync(context))
        .Unary(UnaryCall, static (service, request, context) => service.UnaryAsync(request, context))
        .ServerStreaming(StreamingOutputCall, static (service, request, responses, context) => service.StreamingOutputAsync(request, responses, context))
        .ClientStreaming(StreamingInputCall, static (service, requests, context) => InteropService.StreamingInputAsync(requests, context))
        .Duplex(FullDuplexCall, static (service, requests, responses, context) => service.FullDuplexAsync(requests, responses, context))
        .Unimplemented("UnimplementedCall"));
}
