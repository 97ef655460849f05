namespace Net.Server.Kestrel;

/// <summary>Application error codes of HTTP/3 that the transport itself uses (RFC 9114, section 8.1).</summary>
internal static class Http3ErrorCodes
{
    /// <summary>Nothing is wrong.</summary>
    internal const long NoError = 0x100;

    /// <summary>The peer opened or refused a stream that it should not have.</summary>
    internal const long StreamCreationError = 0x103;

    /// <summary>The server has no room for the connection.</summary>
    internal const long ExcessiveLoad = 0x107;

    /// <summary>This side gives the request up.</summary>
    internal const long RequestCancelled = 0x10c;
}
