namespace Net.Server.Kestrel;

/// <summary>Application error codes of HTTP/3 that the transport itself uses (RFC 9114, section 8.1, and RFC 9204, section 6).</summary>
internal static class Http3ErrorCodes
{
    /// <summary>Nothing is wrong.</summary>
    internal const long NoError = 0x100;

    /// <summary>An end for which HTTP/3 has no code of its own, such as a peer that is no longer trusted.</summary>
    internal const long GeneralProtocolError = 0x101;

    /// <summary>The server failed at a request that it may have processed in part.</summary>
    internal const long InternalError = 0x102;

    /// <summary>The peer opened or refused a stream that it should not have.</summary>
    internal const long StreamCreationError = 0x103;

    /// <summary>A stream that the connection cannot do without was ended or refused.</summary>
    internal const long ClosedCriticalStream = 0x104;

    /// <summary>A frame that its stream, or its place there, does not allow.</summary>
    internal const long FrameUnexpected = 0x105;

    /// <summary>A frame whose length does not fit what it must hold, or that its stream's end cut off.</summary>
    internal const long FrameError = 0x106;

    /// <summary>The server has no room for the connection, or the peer makes it work for nothing.</summary>
    internal const long ExcessiveLoad = 0x107;

    /// <summary>An identifier of a push or a stream that moves the wrong way or was never given.</summary>
    internal const long IdError = 0x108;

    /// <summary>A setting that must not be there, or is there twice.</summary>
    internal const long SettingsError = 0x109;

    /// <summary>Nothing of the request was processed: the client may send it again, whatever it is (RFC 9114, section 4.1.1).</summary>
    internal const long RequestRejected = 0x10b;

    /// <summary>This side gives the request up.</summary>
    internal const long RequestCancelled = 0x10c;

    /// <summary>A request that HTTP's rules make malformed.</summary>
    internal const long MessageError = 0x10e;

    /// <summary>A field section that cannot be decoded.</summary>
    internal const long QpackDecompressionFailed = 0x200;

    /// <summary>An instruction on the encoder stream that cannot be followed.</summary>
    internal const long QpackEncoderStreamError = 0x201;

    /// <summary>An instruction on the decoder stream that makes no sense.</summary>
    internal const long QpackDecoderStreamError = 0x202;
}
