using System.Buffers;

namespace Net.Server.Kestrel.Checking;

/// <summary>
/// Follows what a client sends on one stream, and finds what ends its connection, or its request, by the standards but not by Kestrel, which ignores some of it, answers some with another code
/// and takes a request that is cut off inside a frame for a whole one. What is fine goes on to Kestrel untouched, and Kestrel judges the rest: order of frames, missing SETTINGS, sizes.
/// </summary>
/// <param name="limits">How much of a field section is judged.</param>
/// <param name="observer">Learns of priorities; <c>null</c>: nobody does.</param>
internal sealed class Http3StreamCheck(FieldSectionLimits limits, IHttp3Observer? observer = null)
{
    private const long Data = 0x0;
    private const long Headers = 0x1;
    private const long CancelPush = 0x3;
    private const long Settings = 0x4;
    private const long GoAway = 0x7;
    private const long MaxPushId = 0xd;
    private const long PriorityUpdateOfRequest = 0xf0700;
    private const long PriorityUpdateOfPush = 0xf0701;

    // Of a stream's id: who opened it, and whether it has one direction (RFC 9000, section 2.1). Requests have neither bit.
    private const long StreamKindBits = 3;

    // What Kestrel or an extension may know is a handful; each further one costs memory.
    private const int MaxSettings = 64;

    private HashSet<long>? _settings;
    private Kind _kind;
    private VariableInteger _integer;
    private FieldSectionCheck _fields;
    private long _frame;
    private long _frameLeft;
    private bool _hasFrameType;
    private bool _isInFrame;
    private bool _isSettingValue;
    private bool _hasFrameId;
    private long _goAwayId;
    private long _maxPushId;
    private PrefixedInteger _instruction;
    private bool _isInInstruction;
    private PriorityField _priority;
    private long _prioritizedId;

    private enum Kind
    {
        Request,
        Untyped,
        Control,
        QpackEncoder,
        QpackDecoder,
        Other,
    }

    /// <summary>Begins with another stream of the client's.</summary>
    internal void Begin(bool isRequest)
    {
        _kind = isRequest ? Kind.Request : Kind.Untyped;
        _settings = null;
        _integer = default;
        _isInFrame = _hasFrameType = _isSettingValue = _hasFrameId = _isInInstruction = false;
        _goAwayId = long.MaxValue;
        _maxPushId = -1;
        _fields.BeginRequest(limits);
    }

    /// <summary>Looks at bytes that came.</summary>
    /// <param name="bytes">Those that were not looked at before.</param>
    /// <returns>What the client did, or <c>null</c>.</returns>
    internal Http3Violation? Inspect(in ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> segment in bytes)
        {
            if (Inspect(segment.Span) is Http3Violation violation)
            {
                return violation;
            }
        }

        return null;
    }

    /// <summary>Looks at the end of the stream.</summary>
    /// <returns>What the client did, or <c>null</c>.</returns>
    internal Http3Violation? InspectEnd() => _kind != Kind.Request ? InspectReset()
        : _isInFrame || _hasFrameType || _integer.IsPartial ? new Http3Violation(Http3ErrorCodes.FrameError, "a request ends inside a frame (RFC 9114, section 7.1)")
        : _fields.EndContent();

    /// <summary>Looks at a reset of the stream.</summary>
    /// <returns>What the client did, or <c>null</c>.</returns>
    internal Http3Violation? InspectReset() => _kind is Kind.Control or Kind.QpackEncoder or Kind.QpackDecoder
        ? new Http3Violation(Http3ErrorCodes.ClosedCriticalStream, "a stream ends that the connection needs (RFC 9114, section 6.2.1, and RFC 9204, section 4.2)")
        : null;

    private Http3Violation? Inspect(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Http3Violation? violation;
            switch (_kind)
            {
                case Kind.Untyped:
                    violation = _integer.Take(bytes[0]) ? SetKind(_integer.Value) : null;
                    bytes = bytes[1..];
                    break;
                case Kind.Other:
                    return null;
                case Kind.QpackEncoder:
                    violation = InspectEncoder(bytes[0]);
                    bytes = bytes[1..];
                    break;
                case Kind.QpackDecoder:
                    violation = InspectDecoder(bytes[0]);
                    bytes = bytes[1..];
                    break;
                default:
                    violation = _isInFrame ? InspectPayload(ref bytes) : InspectFrameHeader(ref bytes);
                    break;
            }

            if (violation is not null)
            {
                return violation;
            }
        }

        return null;
    }

    private Http3Violation? SetKind(long type)
    {
        _kind = type switch
        {
            0 => Kind.Control,
            2 => Kind.QpackEncoder,
            3 => Kind.QpackDecoder,
            _ => Kind.Other,
        };
        return type == 1 ? new Http3Violation(Http3ErrorCodes.StreamCreationError, "only servers open push streams (RFC 9114, section 6.2.2)") : null;
    }

    private Http3Violation? InspectFrameHeader(ref ReadOnlySpan<byte> bytes)
    {
        bool isComplete = _integer.Take(bytes[0]);
        bytes = bytes[1..];
        if (!isComplete)
        {
            return null;
        }

        if (!_hasFrameType)
        {
            _frame = _integer.Value;
            _hasFrameType = true;

            // Before its length, which may never come.
            return InspectFrameType();
        }

        _hasFrameType = false;
        _frameLeft = _integer.Value;
        _isInFrame = true;
        _hasFrameId = _isSettingValue = false;
        Http3Violation? violation = null;
        switch (_kind, _frame)
        {
            case (Kind.Request, Headers):
                _fields.Begin();
                violation = _fields.EndContent();
                break;
            case (Kind.Request, Data):
                violation = _fields.TakeContent(_frameLeft);
                break;
            case (Kind.Control, PriorityUpdateOfRequest):
                _priority.Begin();
                break;
        }

        return violation ?? (_frameLeft == 0 ? EndFrame() : null);
    }

    private Http3Violation? InspectFrameType() => _frame switch
    {
        0x2 or 0x6 or 0x8 or 0x9 => new Http3Violation(Http3ErrorCodes.FrameUnexpected, $"a frame of type 0x{_frame:x}, which HTTP/2 used (RFC 9114, section 7.2.8)"),
        PriorityUpdateOfRequest or PriorityUpdateOfPush when _kind == Kind.Request
            => new Http3Violation(Http3ErrorCodes.FrameUnexpected, "PRIORITY_UPDATE outside the control stream (RFC 9218, section 7.2)"),
        _ => null,
    };

    private Http3Violation? InspectPayload(ref ReadOnlySpan<byte> bytes)
    {
        int taken = (int)Math.Min(bytes.Length, _frameLeft);
        ReadOnlySpan<byte> payload = bytes[..taken];
        bytes = bytes[taken..];
        _frameLeft -= taken;
        Http3Violation? violation = (_kind, _frame) switch
        {
            (Kind.Request, Headers) => _fields.Take(payload),
            (Kind.Control, Settings) => InspectSettings(payload),
            (Kind.Control, GoAway or MaxPushId or CancelPush or PriorityUpdateOfRequest or PriorityUpdateOfPush) => InspectId(payload),
            _ => null,
        };
        return violation ?? (_frameLeft == 0 ? EndFrame() : null);
    }

    private Http3Violation? EndFrame()
    {
        _isInFrame = false;
        if (_integer.IsPartial)
        {
            return new Http3Violation(Http3ErrorCodes.FrameError, "a frame ends inside an integer (RFC 9114, section 7.1)");
        }

        return (_kind, _frame) switch
        {
            (Kind.Request, Headers) => EndFields(),
            (Kind.Control, Settings) when _isSettingValue => new Http3Violation(Http3ErrorCodes.FrameError, "a setting has no value (RFC 9114, section 7.1)"),
            (Kind.Control, GoAway or MaxPushId or CancelPush or PriorityUpdateOfRequest or PriorityUpdateOfPush) when !_hasFrameId => new Http3Violation(Http3ErrorCodes.FrameError, "a frame lacks its identifier (RFC 9114, section 7.1)"),
            (Kind.Control, PriorityUpdateOfRequest) => EndPriorityUpdate(),
            _ => null,
        };
    }

    private Http3Violation? EndFields()
    {
        bool areTrailers = _fields.AreTrailers;
        Http3Violation? violation = _fields.End();
        if (violation is null && !areTrailers && _fields.Priority is StreamPriority priority)
        {
            observer?.HandlePriority(priority);
        }

        return violation;
    }

    private Http3Violation? EndPriorityUpdate()
    {
        _priority.EndLine();
        observer?.HandlePriorityUpdate(_prioritizedId, _priority.Value ?? PriorityField.Default);
        return null;
    }

    private Http3Violation? InspectSettings(ReadOnlySpan<byte> payload)
    {
        _settings ??= [];
        foreach (byte next in payload)
        {
            if (!_integer.Take(next))
            {
                continue;
            }

            if (!_isSettingValue && _integer.Value == 0)
            {
                return new Http3Violation(Http3ErrorCodes.SettingsError, "the setting 0x0, which is reserved (RFC 9114, section 11.2.2)");
            }

            if (!_isSettingValue && !_settings.Add(_integer.Value))
            {
                return new Http3Violation(Http3ErrorCodes.SettingsError, $"the setting 0x{_integer.Value:x} comes twice (RFC 9114, section 7.2.4)");
            }

            if (_settings.Count > MaxSettings)
            {
                return new Http3Violation(Http3ErrorCodes.ExcessiveLoad, $"more than {MaxSettings} settings");
            }

            _isSettingValue = !_isSettingValue;
        }

        return null;
    }

    private Http3Violation? InspectId(ReadOnlySpan<byte> payload)
    {
        while (!payload.IsEmpty)
        {
            if (_hasFrameId && _frame == PriorityUpdateOfRequest)
            {
                _priority.Take(payload);
                return null;
            }

            bool isComplete = _integer.Take(payload[0]);
            payload = payload[1..];
            if (!isComplete)
            {
                continue;
            }

            // A frame of the wrong form is judged as that, whatever its identifier says.
            if (_frame is not (PriorityUpdateOfRequest or PriorityUpdateOfPush) && payload.Length + _frameLeft > 0)
            {
                return new Http3Violation(Http3ErrorCodes.FrameError, "a frame goes on behind its identifier (RFC 9114, section 7.1)");
            }

            _hasFrameId = true;
            if (InspectId(_integer.Value) is Http3Violation violation)
            {
                return violation;
            }
        }

        return null;
    }

    private Http3Violation? InspectId(long id)
    {
        string? fault = _frame switch
        {
            CancelPush => "CANCEL_PUSH of a push that was never promised (RFC 9114, section 7.2.3)",
            GoAway when id > _goAwayId => "the identifier of GOAWAY rises (RFC 9114, section 5.2)",
            MaxPushId when id < _maxPushId => "MAX_PUSH_ID falls (RFC 9114, section 7.2.7)",
            PriorityUpdateOfRequest when (id & StreamKindBits) != 0 => "PRIORITY_UPDATE of a stream that is no request (RFC 9218, section 7.2)",
            PriorityUpdateOfPush => "PRIORITY_UPDATE of a push that was never promised (RFC 9218, section 7.2)",
            _ => null,
        };
        switch (_frame)
        {
            case GoAway:
                _goAwayId = id;
                break;
            case MaxPushId:
                _maxPushId = id;
                break;
            case PriorityUpdateOfRequest:
                _prioritizedId = id;
                break;
        }

        return fault is null ? null : new Http3Violation(Http3ErrorCodes.IdError, fault);
    }

    // The table may hold nothing, so that setting its capacity to zero is all that can be asked (RFC 9204, section 3.2.3).
    private Http3Violation? InspectEncoder(byte next)
    {
        const int capacityBits = 5;
        return (next & 0xe0) == 0x20 && _instruction.Begin(next, capacityBits) && _instruction.Value == 0
            ? null
            : new Http3Violation(Http3ErrorCodes.QpackEncoderStreamError, "the encoder wants more of the dynamic table than the zero bytes it may have (RFC 9204, section 4.3)");
    }

    // Nothing was ever inserted, so that cancelling streams is all that can be told.
    private Http3Violation? InspectDecoder(byte next)
    {
        const int streamBits = 6;
        bool? isOver = _isInInstruction ? _instruction.Continue(next)
            : (next & 0xc0) == 0x40 ? _instruction.Begin(next, streamBits)
            : null;
        if (isOver is not bool over)
        {
            return new Http3Violation(Http3ErrorCodes.QpackDecoderStreamError, "the decoder acknowledges what was never inserted (RFC 9204, section 4.4)");
        }

        _isInInstruction = !over;
        return null;
    }
}
