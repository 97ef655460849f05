namespace Net.Grpc;

/// <summary>Which sides of a method send one message and which send many.</summary>
public enum GrpcMethodKind
{
    /// <summary>One request, one response.</summary>
    Unary = 0,

    /// <summary>Many requests, one response.</summary>
    ClientStreaming = 1,

    /// <summary>One request, many responses.</summary>
    ServerStreaming = 2,

    /// <summary>Many requests and many responses, each side at its own pace.</summary>
    Duplex = 3,
}
