using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Net.Grpc;

/// <summary>
/// A service as its .proto file declares it, and the source of its methods' typed handles. Made once, at start, so that a method that is misnamed or has other types is an error there and
/// names both; nothing is looked up by reflection, so it trims and compiles ahead of time.
/// </summary>
/// <example>
/// <code>
/// public static class EchoMethods
/// {
///     public static GrpcContract Contract { get; } = GrpcContract.From(EchoReflection.Descriptor, "EchoService");
///     public static GrpcUnaryMethod&lt;EchoRequest, EchoResponse&gt; Echo { get; } = Contract.Unary&lt;EchoRequest, EchoResponse&gt;("Echo");
/// }
/// </code>
/// </example>
public sealed class GrpcContract
{
    /// <summary>Makes a contract.</summary>
    /// <param name="service">The service's descriptor.</param>
    public GrpcContract(ServiceDescriptor service)
    {
        ArgumentNullException.ThrowIfNull(service);
        Service = service;
    }

    /// <summary>The service's descriptor.</summary>
    public ServiceDescriptor Service { get; }

    /// <summary>Package and name: <c>echo.EchoService</c>.</summary>
    public string Name => Service.FullName;

    /// <summary>Finds a service in a file.</summary>
    /// <param name="file">The descriptor that protoc made of the .proto file, such as <c>EchoReflection.Descriptor</c>.</param>
    /// <param name="service">The service's name without its package.</param>
    /// <returns>The contract.</returns>
    /// <exception cref="ArgumentException">The file declares no such service; the message names those it does.</exception>
    public static GrpcContract From(FileDescriptor file, string service)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new GrpcContract(file.Services.FirstOrDefault(s => s.Name == service)
            ?? throw new ArgumentException($"{file.Name} declares no service '{service}'; it has: {Names(file.Services.Select(s => s.Name))}.", nameof(service)));
    }

    /// <summary>Makes the handle of a unary method.</summary>
    /// <typeparam name="TRequest">The message that the .proto file names as its request.</typeparam>
    /// <typeparam name="TResponse">The message that the .proto file names as its response.</typeparam>
    /// <param name="name">The method's name.</param>
    /// <returns>The handle; keep it in a static property.</returns>
    /// <exception cref="ArgumentException">There is no such method, it streams, or it has other types; the message says which.</exception>
    public GrpcUnaryMethod<TRequest, TResponse> Unary<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(Find<TRequest, TResponse>(name, GrpcMethodKind.Unary));

    /// <summary>Makes the handle of a method with a stream of requests.</summary>
    /// <inheritdoc cref="Unary"/>
    public GrpcClientStreamingMethod<TRequest, TResponse> ClientStreaming<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(Find<TRequest, TResponse>(name, GrpcMethodKind.ClientStreaming));

    /// <summary>Makes the handle of a method with a stream of responses.</summary>
    /// <inheritdoc cref="Unary"/>
    public GrpcServerStreamingMethod<TRequest, TResponse> ServerStreaming<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(Find<TRequest, TResponse>(name, GrpcMethodKind.ServerStreaming));

    /// <summary>Makes the handle of a method with streams both ways.</summary>
    /// <inheritdoc cref="Unary"/>
    public GrpcDuplexMethod<TRequest, TResponse> Duplex<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(Find<TRequest, TResponse>(name, GrpcMethodKind.Duplex));

    internal static GrpcMethodKind KindOf(MethodDescriptor method) => (method.IsClientStreaming, method.IsServerStreaming) switch
    {
        (false, false) => GrpcMethodKind.Unary,
        (true, false) => GrpcMethodKind.ClientStreaming,
        (false, true) => GrpcMethodKind.ServerStreaming,
        (true, true) => GrpcMethodKind.Duplex,
    };

    internal static Idempotency IdempotencyOf(MethodDescriptor method) => method.GetOptions()?.IdempotencyLevel switch
    {
        MethodOptions.Types.IdempotencyLevel.NoSideEffects => Idempotency.NoSideEffects,
        MethodOptions.Types.IdempotencyLevel.Idempotent => Idempotency.Idempotent,
        _ => Idempotency.NonIdempotent,
    };

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private MethodDescriptor Find<TRequest, TResponse>(string name, GrpcMethodKind kind)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        MethodDescriptor method = Service.Methods.FirstOrDefault(m => m.Name == name)
            ?? throw new ArgumentException($"{Name} has no method '{name}'; it has: {Names(Service.Methods.Select(m => m.Name))}.", nameof(name));
        GrpcMethodKind declared = KindOf(method);
        if (declared != kind)
        {
            throw new ArgumentException($"{Name}/{name} is declared as {declared}, not {kind}; ask for it with {nameof(GrpcContract)}.{declared}.", nameof(name));
        }

        CheckType<TRequest>(name, "request", method.InputType);
        CheckType<TResponse>(name, "response", method.OutputType);
        return method;
    }

    private void CheckType<T>(string method, string role, MessageDescriptor declared)
        where T : class, IMessage<T>
    {
        if (declared.Parser is not MessageParser<T>)
        {
            throw new ArgumentException($"The {role} of {Name}/{method} is declared as {declared.FullName} ({declared.ClrType}), not as {typeof(T)}.", nameof(method));
        }
    }
}
