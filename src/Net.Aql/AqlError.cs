using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>One row of the table of errors.</summary>
/// <param name="Code">The error.</param>
/// <param name="Category">What a caller can do about it.</param>
/// <param name="Status">The gRPC status it stands for.</param>
public readonly record struct AqlError(ErrorCode Code, ErrorCategory Category, AqlStatus Status);
