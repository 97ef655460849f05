using Net.Grpc;
using Net.Protocol.Echo;

namespace Net.Hosting.Services;

/// <summary>Serves <c>echo.EchoService</c>: sends back what it gets, with the time.</summary>
/// <param name="timeProvider">The clock that answers are stamped with.</param>
public sealed class EchoService(TimeProvider timeProvider)
{
    /// <summary>The service's methods, for the server to map.</summary>
    public static GrpcServiceDefinition<EchoService> Definition { get; } = GrpcServiceDefinition.Create<EchoService>(EchoMethods.Contract, methods => methods
        .Unary(EchoMethods.Echo, static (service, request, _) => ValueTask.FromResult(service.Answer(request)))
        .Duplex(EchoMethods.EchoStream, static (service, requests, responses, _) => service.AnswerAllAsync(requests, responses)));

    private async ValueTask AnswerAllAsync(GrpcMessageReader<EchoRequest> requests, GrpcMessageWriter<EchoResponse> responses)
    {
        await foreach (EchoRequest request in requests.ConfigureAwait(false))
        {
            await responses.WriteAsync(Answer(request)).ConfigureAwait(false);
        }
    }

    private EchoResponse Answer(EchoRequest request) => new()
    {
        Payload = request.Payload,
        RequestTimestamp = request.Timestamp,
        ResponseTimestamp = timeProvider.GetUtcNow().ToUnixTimeMilliseconds(),
    };
}
