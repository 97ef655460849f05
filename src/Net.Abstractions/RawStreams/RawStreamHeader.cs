using System.Buffers.Binary;
using System.Diagnostics;

namespace Net;

/// <summary>What a stream of <c>net/1</c> opens with: where it goes, how long it may take, whose trace it belongs to, and metadata. Immutable.</summary>
public sealed record RawStreamHeader
{
    private readonly UInt128 _traceId;
    private readonly ulong _spanId;
    private readonly byte _traceFlags;
    private readonly string? _traceState;

    /// <summary>Makes a header.</summary>
    /// <param name="route">The name of the handler: 1 to 255 bytes of UTF-8 without control characters.</param>
    /// <exception cref="ArgumentException"><paramref name="route"/> is no such name; the message says why.</exception>
    public RawStreamHeader(string route)
    {
        ArgumentNullException.ThrowIfNull(route);
        if (RawStreamNames.FindRouteFault(route) is string fault)
        {
            throw new ArgumentException($"The route '{route}' {fault}", nameof(route));
        }

        Route = route;
    }

    internal RawStreamHeader(string route, in RawStreamTraceParent traceParent, string? traceState)
    {
        Route = route;
        _traceId = traceParent.TraceId;
        _spanId = traceParent.SpanId;
        _traceFlags = traceParent.Flags;
        _traceState = traceState;
    }

    /// <summary>The name of the handler.</summary>
    public string Route { get; }

    /// <summary>
    /// How much time was left when the header was sent, or <c>null</c> when there is no deadline. It is a length and not a moment, as two machines' clocks differ.
    /// Range 0 (already passed) to <see cref="RawStreamProtocol.MaxDeadline"/>; sent in whole microseconds, rounded down.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a value out of range.</exception>
    public TimeSpan? Deadline
    {
        get;
        init
        {
            if (value is TimeSpan time)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, nameof(Deadline));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(time, RawStreamProtocol.MaxDeadline, nameof(Deadline));
            }

            field = value;
        }
    }

    /// <summary>Whether the stream's work may be done more than once. Default <see cref="Idempotency.NonIdempotent"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a value that the enumeration does not have.</exception>
    public Idempotency Idempotency
    {
        get;
        init
        {
            if (value is not (Idempotency.NonIdempotent or Idempotency.Idempotent or Idempotency.NoSideEffects))
            {
                throw new ArgumentOutOfRangeException(nameof(Idempotency), value, "It must be NonIdempotent, Idempotent or NoSideEffects.");
            }

            field = value;
        }
    }

    /// <summary>Names with values. Default <see cref="RawStreamMetadata.Empty"/>.</summary>
    public RawStreamMetadata Metadata
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Metadata));
            field = value;
        }
    } = RawStreamMetadata.Empty;

    /// <summary>Whether <see cref="TraceContext"/> names a span.</summary>
    public bool HasTraceContext => _traceId != 0 && _spanId != 0;

    /// <summary>
    /// The caller's span (W3C Trace Context), or the default value when there is none. A tracestate of more than <see cref="RawStreamProtocol.MaxTraceStateSize"/>
    /// characters or with other than printable ASCII is left out, as the W3C recommendation allows (section 3.3).
    /// </summary>
    public ActivityContext TraceContext
    {
        get => HasTraceContext ? MakeContext() : default;
        init
        {
            Span<byte> bytes = stackalloc byte[16];
            value.TraceId.CopyTo(bytes);
            _traceId = BinaryPrimitives.ReadUInt128BigEndian(bytes);
            value.SpanId.CopyTo(bytes[..8]);
            _spanId = BinaryPrimitives.ReadUInt64BigEndian(bytes);
            _traceFlags = (byte)value.TraceFlags;
            _traceState = HasTraceContext && RawStreamNames.IsTraceState(value.TraceState) ? value.TraceState : null;
        }
    }

    internal RawStreamTraceParent TraceParent => new(_traceId, _spanId, _traceFlags);

    internal string? TraceState => _traceState;

    // Made on demand: an id is a string in ActivityContext, and most streams pass where nobody traces.
    private ActivityContext MakeContext()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _traceId);
        ActivityTraceId traceId = ActivityTraceId.CreateFromBytes(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _spanId);
        return new ActivityContext(traceId, ActivitySpanId.CreateFromBytes(bytes[..8]), (ActivityTraceFlags)_traceFlags, _traceState, isRemote: true);
    }
}
