using Google.Protobuf;

namespace Net.Grpc;

internal sealed class ServerMessageWriter<T>(GrpcServerCall call) : GrpcMessageWriter<T>
    where T : class, IMessage<T>
{
    public override ValueTask WriteAsync(T message, GrpcWriteOptions options, CancellationToken cancellationToken = default) =>
        call.WriteAsync(message, options, flush: true, cancellationToken);
}
