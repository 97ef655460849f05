namespace Net.Hosting.Benchmarking;

/// <summary>What <c>net bench</c> calls.</summary>
internal enum BenchService
{
    /// <summary>Echoes over raw streams.</summary>
    RawEcho,

    /// <summary><c>echo.EchoService/Echo</c>.</summary>
    GrpcEcho,

    /// <summary>Gets and sets of AQL.</summary>
    Aql,
}
