using Google.Protobuf;

namespace Net.Grpc;

/// <summary>A method together with the code that serves it.</summary>
internal abstract class GrpcServerMethod<TService>(GrpcMethod method)
    where TService : class
{
    internal GrpcMethod Method { get; } = method;

    /// <summary>Serves one call. Never throws.</summary>
    internal Task ServeAsync(GrpcServerExchange exchange, Func<GrpcServerExchange, TService> service, GrpcServerOptions options)
    {
        var call = new GrpcServerCall(Method, exchange, options);
        return call.RunAsync(context => InvokeAsync(service(exchange), call, context));
    }

    protected abstract ValueTask InvokeAsync(TService service, GrpcServerCall call, GrpcServerContext context);

    /// <summary>Reads the only message of a stream.</summary>
    protected static async ValueTask<TRequest> ReadOneAsync<TRequest>(GrpcServerCall call, GrpcServerContext context, MessageParser<TRequest> parser)
        where TRequest : class, IMessage<TRequest>
    {
        MessageSource<TRequest> source = call.Source(parser);
        TRequest request = await call.ReadAsync(source, CancellationToken.None).ConfigureAwait(false)
            ?? throw new GrpcException(GrpcStatusCode.Unimplemented, $"{context.Method.FullName} takes one request; none came.");
        context.WasRequestCompressed = source.WasCompressed;
        if (await call.ReadAsync(source, CancellationToken.None).ConfigureAwait(false) is not null)
        {
            throw new GrpcException(GrpcStatusCode.Unimplemented, $"{context.Method.FullName} takes one request; more came.");
        }

        return request;
    }

    /// <summary>Writes the only message of a stream. The server sends it together with the trailers.</summary>
    protected static ValueTask WriteOneAsync<TResponse>(GrpcServerCall call, GrpcServerContext context, TResponse? response)
        where TResponse : class, IMessage<TResponse>
    {
        if (response is null)
        {
            throw new InvalidOperationException($"The handler of {context.Method.FullName} returned null; it must return a response or throw a {nameof(GrpcException)}.");
        }

        return call.WriteAsync(response, context.ResponseWriteOptions, flush: false, CancellationToken.None);
    }
}
