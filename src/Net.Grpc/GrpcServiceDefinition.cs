using Google.Protobuf.Reflection;

namespace Net.Grpc;

/// <summary>A service's methods, whatever serves them.</summary>
public abstract class GrpcServiceDefinition
{
    private protected GrpcServiceDefinition(GrpcContract contract, IReadOnlyList<GrpcMethod> methods)
    {
        Contract = contract;
        Methods = methods;
    }

    /// <summary>The service as its .proto file declares it.</summary>
    public GrpcContract Contract { get; }

    /// <summary>The methods that are served, in the order in which they were bound.</summary>
    public IReadOnlyList<GrpcMethod> Methods { get; }

    /// <summary>The service's descriptor.</summary>
    public ServiceDescriptor Descriptor => Contract.Service;

    /// <summary>Binds a service's methods.</summary>
    /// <typeparam name="TService">The class or interface that the handlers are members of.</typeparam>
    /// <param name="contract">The service as its .proto file declares it.</param>
    /// <param name="bind">Binds each method, or says that it is left out.</param>
    /// <returns>The definition.</returns>
    /// <exception cref="ArgumentException">A method belongs to another service, is bound twice, or is neither bound nor left out; the message names each.</exception>
    public static GrpcServiceDefinition<TService> Create<TService>(GrpcContract contract, Action<GrpcServiceBuilder<TService>> bind)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(bind);
        var builder = new GrpcServiceBuilder<TService>(contract);
        bind(builder);
        return new GrpcServiceDefinition<TService>(contract, builder.Build());
    }
}
