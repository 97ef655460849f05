using Google.Protobuf;
using Net.Grpc;
using Net.Perf.Measuring;
using Net.Perf.Messages;

namespace Net.Perf.Subjects;

/// <summary>The service that the calls go to.</summary>
internal sealed class PerfService
{
    private static readonly GrpcContract Contract = GrpcContract.From(RpcReflection.Descriptor, "PerfService");

    /// <summary>Sends back what it gets.</summary>
    internal static GrpcUnaryMethod<Payload, Payload> Echo { get; } = Contract.Unary<Payload, Payload>("Echo");

    /// <summary>Sends a payload often.</summary>
    internal static GrpcServerStreamingMethod<RepeatRequest, Payload> Repeat { get; } = Contract.ServerStreaming<RepeatRequest, Payload>("Repeat");

    /// <summary>The methods, for the server.</summary>
    internal static GrpcServiceDefinition<PerfService> Definition { get; } = GrpcServiceDefinition.Create<PerfService>(Contract, static methods => methods
        .Unary(Echo, static (_, request, _) => ValueTask.FromResult(request))
        .ServerStreaming(Repeat, static (_, request, responses, _) => RepeatAsync(request, responses)));

    /// <summary>What each call carries.</summary>
    internal static ByteString Data { get; } = ByteString.CopyFrom(new byte[EchoSubject.PayloadBytes]);

    private static async ValueTask RepeatAsync(RepeatRequest request, GrpcMessageWriter<Payload> responses)
    {
        var payload = new Payload { Data = request.Data };
        for (int i = 0; i < request.Count; i++)
        {
            await responses.WriteAsync(payload).ConfigureAwait(false);
        }
    }
}
