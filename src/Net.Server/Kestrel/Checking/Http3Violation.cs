namespace Net.Server.Kestrel.Checking;

/// <summary>What a peer did that ends its connection.</summary>
/// <param name="ErrorCode">The code for CONNECTION_CLOSE.</param>
/// <param name="Reason">What it was, with the section of the standard.</param>
internal sealed record Http3Violation(long ErrorCode, string Reason);
