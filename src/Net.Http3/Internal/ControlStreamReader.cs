using System.Buffers;
using System.Globalization;

namespace Net.Http3;

/// <summary>Reads the server's control stream: bytes in, settings and GOAWAY out (RFC 9114, section 6.2.1). No waiting, no I/O.</summary>
/// <param name="onSettings">Takes the settings, once.</param>
/// <param name="onGoAway">Takes the stream id of each GOAWAY.</param>
internal sealed class ControlStreamReader(Action<PeerSettings> onSettings, Action<long> onGoAway)
{
    /// <summary>The largest SETTINGS frame accepted, bytes. It holds over a thousand settings; no server sends more than a dozen.</summary>
    internal const int MaxSettingsSize = 16 << 10;

    private const long NoFrame = -1;
    private bool _sawSettings;
    private long _lastGoAway = long.MaxValue;
    private long _frameType = NoFrame;
    private long _frameRemaining;

    /// <summary>Takes what has arrived.</summary>
    /// <param name="buffer">The bytes; moved behind what is consumed.</param>
    /// <exception cref="Http3ProtocolException">The server broke the protocol.</exception>
    internal void Read(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            if (_frameType == NoFrame)
            {
                if (buffer.IsEmpty || !Http3Frame.TryReadHeader(ref buffer, out long type, out long length))
                {
                    return;
                }

                CheckFrame(type, length);
                _frameType = type;
                _frameRemaining = length;
            }

            if (_frameType is Http3FrameType.Settings or Http3FrameType.GoAway or Http3FrameType.CancelPush)
            {
                if (buffer.Length < _frameRemaining)
                {
                    return;
                }

                ReadFrame(_frameType, buffer.Slice(0, _frameRemaining));
                buffer = buffer.Slice(_frameRemaining);
                _frameType = NoFrame;
                continue;
            }

            long skipped = Math.Min(buffer.Length, _frameRemaining);
            buffer = buffer.Slice(skipped);
            _frameRemaining -= skipped;
            if (_frameRemaining > 0)
            {
                return;
            }

            _frameType = NoFrame;
        }
    }

    private static Http3ProtocolException Fault(Http3ErrorCode code, string message) => Http3ProtocolException.ForConnection(code, message);

    private void CheckFrame(long type, long length)
    {
        if (!_sawSettings && type != Http3FrameType.Settings)
        {
            throw Fault(Http3ErrorCode.MissingSettings, "The server's control stream does not begin with SETTINGS (RFC 9114, section 6.2.1).");
        }

        switch (type)
        {
            case Http3FrameType.Settings when _sawSettings:
                throw Fault(Http3ErrorCode.FrameUnexpected, "The server sent SETTINGS a second time (RFC 9114, section 7.2.4).");
            case Http3FrameType.Settings when length > MaxSettingsSize:
                throw Fault(Http3ErrorCode.ExcessiveLoad, string.Create(CultureInfo.InvariantCulture, $"The server sent a SETTINGS frame of {length} bytes; at most {MaxSettingsSize} are accepted."));
            case Http3FrameType.GoAway or Http3FrameType.CancelPush when length is < 1 or > VariableLengthInteger.MaxSize:
                throw Fault(Http3ErrorCode.FrameError, string.Create(CultureInfo.InvariantCulture, $"The server sent a frame of type 0x{type:x} whose length {length} does not fit its one field."));
            case Http3FrameType.Data or Http3FrameType.Headers or Http3FrameType.PushPromise or Http3FrameType.MaxPushId
                or Http3FrameType.PriorityUpdateForRequest or Http3FrameType.PriorityUpdateForPush:
                throw Unexpected(type);
            default:
                if (Http3FrameType.IsReservedFromHttp2(type))
                {
                    throw Unexpected(type);
                }

                break;
        }
    }

    private static Http3ProtocolException Unexpected(long type) => Fault(
        Http3ErrorCode.FrameUnexpected, string.Create(CultureInfo.InvariantCulture, $"The server sent a frame of type 0x{type:x} on its control stream, where it must not be."));

    private void ReadFrame(long type, ReadOnlySequence<byte> payload)
    {
        if (type == Http3FrameType.Settings)
        {
            _sawSettings = true;
            onSettings(ReadSettings(payload));
            return;
        }

        if (!VariableLengthInteger.TryRead(payload, out long id, out int size) || size != payload.Length)
        {
            throw Fault(Http3ErrorCode.FrameError, string.Create(CultureInfo.InvariantCulture, $"The server sent a frame of type 0x{type:x} that does not hold exactly one id."));
        }

        if (type == Http3FrameType.CancelPush)
        {
            throw Fault(Http3ErrorCode.IdError, "The server cancelled a push although this client never allowed one (RFC 9114, section 7.2.3).");
        }

        // Kestrel announces a shutdown with the largest integer, which is no stream's id but harms nobody.
        if (((id & 3) != 0 && id != VariableLengthInteger.MaxValue) || id > _lastGoAway)
        {
            throw Fault(Http3ErrorCode.IdError, string.Create(CultureInfo.InvariantCulture, $"The server sent GOAWAY with id {id}, which names no request or is above the one before (RFC 9114, section 5.2)."));
        }

        _lastGoAway = id;
        onGoAway(id);
    }

    private static PeerSettings ReadSettings(ReadOnlySequence<byte> payload)
    {
        var settings = new PeerSettings();
        var seen = new HashSet<long>();
        while (!payload.IsEmpty)
        {
            if (!Http3Frame.TryReadHeader(ref payload, out long id, out long value))
            {
                throw Fault(Http3ErrorCode.FrameError, "The server's SETTINGS end inside a setting.");
            }

            if (!seen.Add(id))
            {
                throw Fault(Http3ErrorCode.SettingsError, string.Create(CultureInfo.InvariantCulture, $"The server's SETTINGS name 0x{id:x} twice (RFC 9114, section 7.2.4)."));
            }

            settings = id switch
            {
                0x01 => settings with { QpackTableCapacity = value },
                0x06 => settings with { MaxFieldSectionSize = value },
                0x07 => settings with { QpackBlockedStreams = value },
                0x00 or 0x02 or 0x03 or 0x04 or 0x05 => throw Fault(
                    Http3ErrorCode.SettingsError, string.Create(CultureInfo.InvariantCulture, $"The server's SETTINGS name 0x{id:x}, which is HTTP/2's (RFC 9114, section 7.2.4.1).")),
                0x08 or 0x33 when value > 1 => throw Fault(
                    Http3ErrorCode.SettingsError, string.Create(CultureInfo.InvariantCulture, $"The server's setting 0x{id:x} is {value}; it can only be 0 or 1 (RFC 9220, RFC 9297).")),
                _ => settings,
            };
        }

        return settings;
    }
}
