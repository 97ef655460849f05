namespace Net.Security;

/// <summary>What a caller wants to use.</summary>
public readonly record struct AccessTarget
{
    private AccessTarget(AccessArea area, string name, string method, QueryOperation operation)
    {
        Area = area;
        Name = name;
        Method = method;
        Operation = operation;
    }

    /// <summary>The kind of it.</summary>
    public AccessArea Area { get; }

    /// <summary>The gRPC method (<c>package.Service/Method</c>), the route, the path, or the collection.</summary>
    public string Name { get; }

    /// <summary>The HTTP method; empty elsewhere.</summary>
    public string Method { get; }

    /// <summary>What is to be done to the collection.</summary>
    public QueryOperation Operation { get; }

    /// <summary>A gRPC method.</summary>
    /// <param name="method"><c>package.Service/Method</c>.</param>
    /// <returns>The target.</returns>
    public static AccessTarget ForGrpc(string method) => new(AccessArea.Grpc, method, "", default);

    /// <summary>A route of raw streams.</summary>
    /// <param name="route">The route.</param>
    /// <returns>The target.</returns>
    public static AccessTarget ForRaw(string route) => new(AccessArea.Raw, route, "", default);

    /// <summary>An HTTP path.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path, decoded once.</param>
    /// <returns>The target.</returns>
    public static AccessTarget ForHttp(string method, string path) => new(AccessArea.Http, path, method, default);

    /// <summary>A path that was asked for as gRPC is, but is no method that is mapped.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path, decoded once, with its slash.</param>
    /// <returns>The target.</returns>
    public static AccessTarget ForUnmappedGrpc(string method, string path) => new(AccessArea.GrpcOrHttp, path, method, default);

    /// <summary>A collection.</summary>
    /// <param name="operation">What is to be done.</param>
    /// <param name="collection">Its name; it need not exist.</param>
    /// <returns>The target.</returns>
    public static AccessTarget ForQuery(QueryOperation operation, string collection) => new(AccessArea.Query, collection, "", operation);

    /// <summary>The target in the form of a right, such as <c>grpc:package.Service/Method</c>. It may hold what came from outside.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Area switch
    {
        AccessArea.Grpc => $"grpc:{Name}",
        AccessArea.Raw => $"raw:{Name}",
        AccessArea.Query => $"{RightPattern.ScopeOf(Operation)}:{Name}",
        AccessArea.GrpcOrHttp => $"grpc:{Name.TrimStart('/')}",
        _ => $"http:{Method}:{Name}",
    };
}
