using Google.Protobuf;

namespace Net.Grpc;

/// <summary>Binds the methods of one service to code. Each method of the .proto file must be bound, or left out on purpose.</summary>
/// <typeparam name="TService">The class or interface that the handlers are members of.</typeparam>
public sealed class GrpcServiceBuilder<TService>
    where TService : class
{
    private readonly GrpcContract _contract;
    private readonly Dictionary<string, GrpcServerMethod<TService>?> _methods = [];
    private readonly List<string> _faults = [];

    internal GrpcServiceBuilder(GrpcContract contract) => _contract = contract;

    /// <summary>Binds a method with one request and one response.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Answers; a static lambda that calls a member of the service.</param>
    /// <returns>This builder.</returns>
    public GrpcServiceBuilder<TService> Unary<TRequest, TResponse>(
        GrpcUnaryMethod<TRequest, TResponse> method, Func<TService, TRequest, GrpcServerContext, ValueTask<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => Add(method, handler, () => new GrpcUnaryServerMethod<TService, TRequest, TResponse>(method, handler));

    /// <summary>Binds a method with a stream of requests and one response.</summary>
    /// <inheritdoc cref="Unary"/>
    public GrpcServiceBuilder<TService> ClientStreaming<TRequest, TResponse>(
        GrpcClientStreamingMethod<TRequest, TResponse> method, Func<TService, GrpcMessageReader<TRequest>, GrpcServerContext, ValueTask<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => Add(method, handler, () => new GrpcClientStreamingServerMethod<TService, TRequest, TResponse>(method, handler));

    /// <summary>Binds a method with one request and a stream of responses, which ends when the handler returns.</summary>
    /// <inheritdoc cref="Unary"/>
    public GrpcServiceBuilder<TService> ServerStreaming<TRequest, TResponse>(
        GrpcServerStreamingMethod<TRequest, TResponse> method, Func<TService, TRequest, GrpcMessageWriter<TResponse>, GrpcServerContext, ValueTask> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => Add(method, handler, () => new GrpcServerStreamingServerMethod<TService, TRequest, TResponse>(method, handler));

    /// <summary>Binds a method with streams both ways; that of the responses ends when the handler returns.</summary>
    /// <inheritdoc cref="Unary"/>
    public GrpcServiceBuilder<TService> Duplex<TRequest, TResponse>(
        GrpcDuplexMethod<TRequest, TResponse> method, Func<TService, GrpcMessageReader<TRequest>, GrpcMessageWriter<TResponse>, GrpcServerContext, ValueTask> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => Add(method, handler, () => new GrpcDuplexServerMethod<TService, TRequest, TResponse>(method, handler));

    /// <summary>Leaves a method out: calls of it are answered UNIMPLEMENTED.</summary>
    /// <param name="name">The method's name.</param>
    /// <returns>This builder.</returns>
    public GrpcServiceBuilder<TService> Unimplemented(string name)
    {
        if (_contract.Service.Methods.All(m => m.Name != name))
        {
            _faults.Add($"{_contract.Name} has no method '{name}' that could be left out.");
        }
        else if (!_methods.TryAdd(name, null))
        {
            _faults.Add($"{_contract.Name}/{name} is bound or left out twice.");
        }

        return this;
    }

    internal IReadOnlyList<GrpcServerMethod<TService>> Build()
    {
        _faults.AddRange(_contract.Service.Methods.Where(m => !_methods.ContainsKey(m.Name))
            .Select(m => $"{_contract.Name}/{m.Name} has no handler; bind it with {GrpcContract.KindOf(m)}, or leave it out with {nameof(Unimplemented)}(\"{m.Name}\")."));
        return _faults.Count == 0
            ? [.. _methods.Values.Where(m => m is not null).Select(m => m!)]
            : throw new ArgumentException(string.Join(Environment.NewLine, _faults));
    }

    private GrpcServiceBuilder<TService> Add(GrpcMethod method, Delegate handler, Func<GrpcServerMethod<TService>> bind)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(handler);
        if (method.Descriptor.Service.FullName != _contract.Name)
        {
            _faults.Add($"{method.FullName} is no method of {_contract.Name}.");
        }
        else if (!_methods.TryAdd(method.Descriptor.Name, bind()))
        {
            _faults.Add($"{method.FullName} is bound or left out twice.");
        }

        return this;
    }
}
