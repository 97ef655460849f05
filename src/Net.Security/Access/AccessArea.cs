namespace Net.Security;

/// <summary>What kind of thing a caller wants to use.</summary>
public enum AccessArea
{
    /// <summary>A gRPC method.</summary>
    Grpc = 0,

    /// <summary>A route of raw streams.</summary>
    Raw = 1,

    /// <summary>An HTTP path.</summary>
    Http = 2,

    /// <summary>A collection of AQL.</summary>
    Query = 3,

    /// <summary>A path that was asked for as gRPC is, but is no method that is mapped: it takes the right for both, as whatever is mapped there would serve it.</summary>
    GrpcOrHttp = 4,
}
