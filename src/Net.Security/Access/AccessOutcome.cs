namespace Net.Security;

/// <summary>What came of asking for access. Each stands for one answer on each transport.</summary>
public enum AccessOutcome
{
    /// <summary>Go on.</summary>
    Allowed = 0,

    /// <summary>It is not known who calls, or no longer: gRPC UNAUTHENTICATED, HTTP 401, raw Unauthenticated.</summary>
    Unauthenticated = 1,

    /// <summary>The caller may not: gRPC PERMISSION_DENIED, HTTP 403, raw PermissionDenied. The same whether or not the thing exists.</summary>
    Forbidden = 2,

    /// <summary>Too much was asked for, or the audit cannot be written: gRPC RESOURCE_EXHAUSTED, HTTP 429, raw Overloaded; with a time to wait.</summary>
    Overloaded = 3,
}
