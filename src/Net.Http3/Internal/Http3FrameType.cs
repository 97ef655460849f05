namespace Net.Http3;

/// <summary>Frame types (RFC 9114, section 7.2; RFC 9218, section 7).</summary>
internal static class Http3FrameType
{
    internal const long Data = 0x00;
    internal const long Headers = 0x01;
    internal const long CancelPush = 0x03;
    internal const long Settings = 0x04;
    internal const long PushPromise = 0x05;
    internal const long GoAway = 0x07;
    internal const long MaxPushId = 0x0d;
    internal const long PriorityUpdateForRequest = 0xf0700;
    internal const long PriorityUpdateForPush = 0xf0701;

    /// <summary>Whether a type was HTTP/2's and so must not come (RFC 9114, section 7.2.8).</summary>
    internal static bool IsReservedFromHttp2(long type) => type is 0x02 or 0x06 or 0x08 or 0x09;
}
