using System.Buffers;
using System.Text;

namespace Net;

/// <summary>Reads the header that a stream of <c>net/1</c> opens with (<c>protocol/net-1.md</c>, section 3).</summary>
/// <remarks>Bytes from a peer never make it throw, and it spends no memory on a header before the whole of it has arrived within the limits.</remarks>
public static class RawStreamHeaderReader
{
    /// <summary>Reads a header from the start of what has arrived.</summary>
    /// <param name="buffer">What has arrived. When the header is complete it is cut to what follows the header; otherwise it stays as it is.</param>
    /// <param name="limits">Limits to keep to.</param>
    /// <param name="header">The header when the status is <see cref="RawStreamHeaderStatus.Complete"/>, else <c>null</c>. It holds copies: the buffer may be given back.</param>
    /// <param name="fault">What is wrong with it when the status is neither <see cref="RawStreamHeaderStatus.Complete"/> nor <see cref="RawStreamHeaderStatus.NeedMore"/>; a fixed text, never the peer's bytes.</param>
    /// <returns>What it came to.</returns>
    public static RawStreamHeaderStatus TryRead(
        ref ReadOnlySequence<byte> buffer, RawStreamLimits limits, out RawStreamHeader? header, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(limits);
        header = null;
        fault = null;
        if (!VariableLengthInteger.TryRead(buffer, out long bodySize, out int lengthSize))
        {
            return RawStreamHeaderStatus.NeedMore;
        }

        if (bodySize > limits.MaxHeaderSize)
        {
            fault = "The header is longer than the limit.";
            return RawStreamHeaderStatus.TooLarge;
        }

        if (buffer.Length - lengthSize < bodySize)
        {
            return RawStreamHeaderStatus.NeedMore;
        }

        ReadOnlySequence<byte> body = buffer.Slice(lengthSize, bodySize);
        RawStreamHeaderStatus status = body.IsSingleSegment
            ? ReadBody(body.FirstSpan, limits, out header, out fault)
            : ReadSegments(body, limits, out header, out fault);
        if (status == RawStreamHeaderStatus.Complete)
        {
            buffer = buffer.Slice(lengthSize + bodySize);
        }

        return status;
    }

    private static RawStreamHeaderStatus ReadSegments(
        ReadOnlySequence<byte> body, RawStreamLimits limits, out RawStreamHeader? header, out string? fault)
    {
        int size = (int)body.Length;
        byte[] rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            body.CopyTo(rented);
            return ReadBody(rented.AsSpan(0, size), limits, out header, out fault);
        }
        finally
        {
            // Metadata may be a secret; the array goes on to strangers.
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    private static RawStreamHeaderStatus ReadBody(ReadOnlySpan<byte> body, RawStreamLimits limits, out RawStreamHeader? header, out string? fault)
    {
        header = null;
        if (body.Length < 3 || body.Length < 2 + body[1])
        {
            return Malformed(out fault, "The header ends before its route does.");
        }

        int idempotency = body[0] & 0x0f;
        if (body[0] >> 4 != RawStreamProtocol.Version)
        {
            return Malformed(out fault, "The header has a version other than 1.");
        }

        if (idempotency > (int)Idempotency.NoSideEffects)
        {
            return Malformed(out fault, "The header has flags that version 1 does not define.");
        }

        int routeSize = body[1];
        if (routeSize == 0)
        {
            return Malformed(out fault, "The route is empty.");
        }

        // Fields are surveyed before anything is allocated, so that a header that will be refused costs nothing.
        ReadOnlySpan<byte> fields = body[(2 + routeSize)..];
        RawStreamHeaderStatus status = Survey(fields, limits, out FieldSurvey survey, out fault);
        if (status != RawStreamHeaderStatus.Complete)
        {
            return status;
        }

        if (!RawStreamNames.TryReadRoute(body.Slice(2, routeSize), out string route))
        {
            return Malformed(out fault, "The route is not UTF-8 without control characters.");
        }

        bool traced = survey.TraceParent.IsValid;
        string? state = traced && RawStreamNames.IsTraceState(survey.TraceState) ? Encoding.ASCII.GetString(survey.TraceState) : null;
        header = new RawStreamHeader(route, traced ? survey.TraceParent : default, state)
        {
            Deadline = survey.Deadline,
            Idempotency = (Idempotency)idempotency,
            Metadata = survey.MetadataCount == 0 ? RawStreamMetadata.Empty : ReadMetadata(fields, survey),
        };
        return RawStreamHeaderStatus.Complete;
    }

    private static RawStreamHeaderStatus Survey(ReadOnlySpan<byte> fields, RawStreamLimits limits, out FieldSurvey survey, out string? fault)
    {
        survey = default;
        while (!fields.IsEmpty)
        {
            if (!TryTakeField(ref fields, out long type, out ReadOnlySpan<byte> value))
            {
                return Malformed(out fault, "A field goes past the end of the header.");
            }

            RawStreamHeaderStatus status = Note(type, value, limits, ref survey, out fault);
            if (status != RawStreamHeaderStatus.Complete)
            {
                return status;
            }
        }

        fault = null;
        return RawStreamHeaderStatus.Complete;
    }

    private static RawStreamHeaderStatus Note(long type, ReadOnlySpan<byte> value, RawStreamLimits limits, ref FieldSurvey survey, out string? fault)
    {
        fault = null;
        switch (type)
        {
            case RawStreamField.Deadline:
                if (survey.Deadline is not null || !VariableLengthInteger.TryRead(value, out long microseconds, out int size) || size != value.Length)
                {
                    return Malformed(out fault, "The deadline stands twice or is not one integer.");
                }

                survey.Deadline = microseconds < MaxDeadlineMicroseconds ? TimeSpan.FromMicroseconds(microseconds) : RawStreamProtocol.MaxDeadline;
                return RawStreamHeaderStatus.Complete;
            case RawStreamField.TraceParent:
                if (survey.HasTraceParent || value.Length != RawStreamTraceParent.Size)
                {
                    return Malformed(out fault, "The trace parent stands twice or does not have 25 bytes.");
                }

                survey.HasTraceParent = true;
                survey.TraceParent = RawStreamTraceParent.Read(value);
                return RawStreamHeaderStatus.Complete;
            case RawStreamField.TraceState:
                if (survey.HasTraceState)
                {
                    return Malformed(out fault, "The trace state stands twice.");
                }

                survey.HasTraceState = true;
                survey.TraceState = value;
                return RawStreamHeaderStatus.Complete;
            case RawStreamField.Metadata:
                return NoteMetadata(value, limits, ref survey, out fault);
            default:
                fault = RawStreamField.IsCritical(type) ? "The header holds a critical field that version 1 does not define." : null;
                return fault is null ? RawStreamHeaderStatus.Complete : RawStreamHeaderStatus.UnsupportedField;
        }
    }

    private static RawStreamHeaderStatus NoteMetadata(ReadOnlySpan<byte> value, RawStreamLimits limits, ref FieldSurvey survey, out string? fault)
    {
        if (value.IsEmpty || value.Length < 1 + value[0] || !RawStreamMetadata.IsValidName(value.Slice(1, value[0])))
        {
            return Malformed(out fault, "A metadata name is no lower-case token of 1 to 255 characters.");
        }

        survey.MetadataCount++;
        survey.MetadataSize += value.Length - 1;
        survey.MetadataValueSize += value.Length - 1 - value[0];
        if (survey.MetadataCount > limits.MaxMetadataCount || survey.MetadataSize > limits.MaxMetadataSize)
        {
            fault = survey.MetadataCount > limits.MaxMetadataCount ? "The header has more metadata entries than the limit." : "The metadata is larger than the limit.";
            return RawStreamHeaderStatus.TooLarge;
        }

        fault = null;
        return RawStreamHeaderStatus.Complete;
    }

    private static RawStreamMetadata ReadMetadata(ReadOnlySpan<byte> fields, in FieldSurvey survey)
    {
        var entries = new RawStreamMetadataEntry[survey.MetadataCount];
        byte[] values = survey.MetadataValueSize == 0 ? [] : new byte[survey.MetadataValueSize];
        int count = 0;
        int used = 0;
        while (TryTakeField(ref fields, out long type, out ReadOnlySpan<byte> field))
        {
            if (type != RawStreamField.Metadata)
            {
                continue;
            }

            ReadOnlySpan<byte> value = field[(1 + field[0])..];
            value.CopyTo(values.AsSpan(used));
            entries[count++] = new RawStreamMetadataEntry(Encoding.ASCII.GetString(field.Slice(1, field[0])), values.AsMemory(used, value.Length));
            used += value.Length;
        }

        return new RawStreamMetadata(entries);
    }

    private static bool TryTakeField(scoped ref ReadOnlySpan<byte> fields, out long type, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!VariableLengthInteger.TryRead(fields, out type, out int typeSize)
            || !VariableLengthInteger.TryRead(fields[typeSize..], out long valueSize, out int sizeSize)
            || fields.Length - typeSize - sizeSize < valueSize)
        {
            return false;
        }

        value = fields.Slice(typeSize + sizeSize, (int)valueSize);
        fields = fields[(typeSize + sizeSize + (int)valueSize)..];
        return true;
    }

    private static RawStreamHeaderStatus Malformed(out string? fault, string text)
    {
        fault = text;
        return RawStreamHeaderStatus.Malformed;
    }

    private static readonly long MaxDeadlineMicroseconds = RawStreamProtocol.MaxDeadline.Ticks / TimeSpan.TicksPerMicrosecond;

    private ref struct FieldSurvey
    {
        internal TimeSpan? Deadline;
        internal RawStreamTraceParent TraceParent;
        internal ReadOnlySpan<byte> TraceState;
        internal bool HasTraceParent;
        internal bool HasTraceState;
        internal int MetadataCount;
        internal int MetadataSize;
        internal int MetadataValueSize;
    }
}
