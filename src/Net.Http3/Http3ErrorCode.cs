namespace Net.Http3;

/// <summary>Application error codes of HTTP/3 and QPACK (RFC 9114, section 8.1; RFC 9204, section 6). They end streams and connections.</summary>
public enum Http3ErrorCode : long
{
    /// <summary>H3_NO_ERROR: nothing is wrong; the stream or connection merely ends.</summary>
    NoError = 0x100,

    /// <summary>H3_GENERAL_PROTOCOL_ERROR: the protocol was broken in a way that no other code names.</summary>
    GeneralProtocolError = 0x101,

    /// <summary>H3_INTERNAL_ERROR: something inside the sender failed.</summary>
    InternalError = 0x102,

    /// <summary>H3_STREAM_CREATION_ERROR: a stream that the sender will not accept.</summary>
    StreamCreationError = 0x103,

    /// <summary>H3_CLOSED_CRITICAL_STREAM: a control or QPACK stream ended.</summary>
    ClosedCriticalStream = 0x104,

    /// <summary>H3_FRAME_UNEXPECTED: a frame that must not come at this point or on this stream.</summary>
    FrameUnexpected = 0x105,

    /// <summary>H3_FRAME_ERROR: a frame of the wrong layout or length.</summary>
    FrameError = 0x106,

    /// <summary>H3_EXCESSIVE_LOAD: the peer asks for too much.</summary>
    ExcessiveLoad = 0x107,

    /// <summary>H3_ID_ERROR: a stream or push id that is out of range or was used wrongly.</summary>
    IdError = 0x108,

    /// <summary>H3_SETTINGS_ERROR: a fault in the SETTINGS frame.</summary>
    SettingsError = 0x109,

    /// <summary>H3_MISSING_SETTINGS: the control stream does not begin with SETTINGS.</summary>
    MissingSettings = 0x10a,

    /// <summary>H3_REQUEST_REJECTED: the server has not processed the request at all; it may be sent again.</summary>
    RequestRejected = 0x10b,

    /// <summary>H3_REQUEST_CANCELLED: the request or its response is no longer wanted.</summary>
    RequestCancelled = 0x10c,

    /// <summary>H3_REQUEST_INCOMPLETE: the client's stream ended before the request was whole.</summary>
    RequestIncomplete = 0x10d,

    /// <summary>H3_MESSAGE_ERROR: a malformed message.</summary>
    MessageError = 0x10e,

    /// <summary>H3_CONNECT_ERROR: the connection that a CONNECT request asked for was reset.</summary>
    ConnectError = 0x10f,

    /// <summary>H3_VERSION_FALLBACK: the request must be sent over HTTP/1.1.</summary>
    VersionFallback = 0x110,

    /// <summary>QPACK_DECOMPRESSION_FAILED: a header section could not be understood.</summary>
    QpackDecompressionFailed = 0x200,

    /// <summary>QPACK_ENCODER_STREAM_ERROR: an instruction on the encoder stream makes no sense.</summary>
    QpackEncoderStreamError = 0x201,

    /// <summary>QPACK_DECODER_STREAM_ERROR: an instruction on the decoder stream makes no sense.</summary>
    QpackDecoderStreamError = 0x202,
}
