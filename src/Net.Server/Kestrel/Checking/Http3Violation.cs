namespace Net.Server.Kestrel.Checking;

/// <summary>What a peer did that ends its connection, or, when a request is malformed, only that request's stream.</summary>
/// <param name="ErrorCode">The code for CONNECTION_CLOSE, or for the reset of the stream.</param>
/// <param name="Reason">What it was, with the section of the standard.</param>
internal sealed record Http3Violation(long ErrorCode, string Reason)
{
    /// <summary>Whether the stream alone ends (RFC 9114, section 4.1.2).</summary>
    internal bool EndsStreamOnly => ErrorCode == Http3ErrorCodes.MessageError;
}
