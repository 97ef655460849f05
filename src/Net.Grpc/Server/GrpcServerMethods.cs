using Google.Protobuf;

namespace Net.Grpc;

internal sealed class GrpcUnaryServerMethod<TService, TRequest, TResponse>(
    GrpcUnaryMethod<TRequest, TResponse> method, Func<TService, TRequest, GrpcServerContext, ValueTask<TResponse>> handler)
    : GrpcServerMethod<TService>(method)
    where TService : class
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    protected override async ValueTask InvokeAsync(TService service, GrpcServerCall call, GrpcServerContext context)
    {
        TRequest request = await ReadOneAsync(call, context, method.RequestParser).ConfigureAwait(false);
        TResponse response = await handler(service, request, context).ConfigureAwait(false);
        await WriteOneAsync(call, context, response).ConfigureAwait(false);
    }
}

internal sealed class GrpcClientStreamingServerMethod<TService, TRequest, TResponse>(
    GrpcClientStreamingMethod<TRequest, TResponse> method, Func<TService, GrpcMessageReader<TRequest>, GrpcServerContext, ValueTask<TResponse>> handler)
    : GrpcServerMethod<TService>(method)
    where TService : class
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    protected override async ValueTask InvokeAsync(TService service, GrpcServerCall call, GrpcServerContext context)
    {
        TResponse response = await handler(service, new ServerMessageReader<TRequest>(call, method.RequestParser), context).ConfigureAwait(false);
        await WriteOneAsync(call, context, response).ConfigureAwait(false);
    }
}

internal sealed class GrpcServerStreamingServerMethod<TService, TRequest, TResponse>(
    GrpcServerStreamingMethod<TRequest, TResponse> method, Func<TService, TRequest, GrpcMessageWriter<TResponse>, GrpcServerContext, ValueTask> handler)
    : GrpcServerMethod<TService>(method)
    where TService : class
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    protected override async ValueTask InvokeAsync(TService service, GrpcServerCall call, GrpcServerContext context)
    {
        TRequest request = await ReadOneAsync(call, context, method.RequestParser).ConfigureAwait(false);
        await handler(service, request, new ServerMessageWriter<TResponse>(call), context).ConfigureAwait(false);
    }
}

internal sealed class GrpcDuplexServerMethod<TService, TRequest, TResponse>(
    GrpcDuplexMethod<TRequest, TResponse> method, Func<TService, GrpcMessageReader<TRequest>, GrpcMessageWriter<TResponse>, GrpcServerContext, ValueTask> handler)
    : GrpcServerMethod<TService>(method)
    where TService : class
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    protected override async ValueTask InvokeAsync(TService service, GrpcServerCall call, GrpcServerContext context)
    {
        await handler(service, new ServerMessageReader<TRequest>(call, method.RequestParser), new ServerMessageWriter<TResponse>(call), context).ConfigureAwait(false);
    }
}
