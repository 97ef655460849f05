using System.Buffers;
using System.Globalization;
using Net.Http3.Interop;

namespace Net.Http3;

/// <summary>Reads the frames of a response: bytes in, events out. No waiting, no I/O. Not for two threads at once.</summary>
/// <remarks>
/// <code>
///   Head --HEADERS 1xx--> Head --HEADERS final--> Content --HEADERS--> Trailers --FIN--> Over
///                                                 Content --DATA--> Content --FIN--> Over
/// </code>
/// Unknown frames are skipped everywhere (RFC 9114, section 9). Anything else ends the stream or the connection by an <see cref="Http3ProtocolException"/>.
/// </remarks>
internal sealed class ResponseReader
{
    private const long NoFrame = -1;

    private readonly QpackDecoder _decoder;
    private readonly ResponseHead _head;
    private readonly long _maxSectionBytes;
    private Phase _phase;
    private long _frameType = NoFrame;
    private long _frameRemaining;
    private long _contentRead;

    /// <summary>Makes a reader for one stream.</summary>
    /// <param name="decoder">The connection's decoder.</param>
    /// <param name="streamId">The stream.</param>
    /// <param name="head">Takes the header fields.</param>
    /// <param name="maxSectionSize">Largest header section, bytes.</param>
    internal ResponseReader(QpackDecoder decoder, long streamId, ResponseHead head, int maxSectionSize)
    {
        _decoder = decoder;
        _head = head;
        _maxSectionBytes = maxSectionSize;
        Section = new QpackFieldSection(streamId);
    }

    private enum Phase
    {
        Head,
        Content,
        Trailers,
        Over,
    }

    /// <summary>The decoder's state for the stream.</summary>
    internal QpackFieldSection Section { get; }

    /// <summary>Whether the response was read to its end.</summary>
    internal bool IsOver => _phase == Phase.Over;

    /// <summary>Goes on with what has arrived.</summary>
    /// <param name="buffer">All that has arrived and is not consumed; moved behind what is consumed.</param>
    /// <param name="isCompleted">Whether the peer's FIN follows it.</param>
    /// <param name="destination">Takes content.</param>
    /// <param name="written">How much content was copied.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="Http3ProtocolException">The server broke the protocol.</exception>
    /// <exception cref="QpackException">The server broke QPACK: the connection must end.</exception>
    internal ResponseEvent Advance(ref ReadOnlySequence<byte> buffer, bool isCompleted, Span<byte> destination, out int written)
    {
        written = 0;
        while (_phase != Phase.Over)
        {
            if (_frameType == NoFrame && !TryBeginFrame(ref buffer))
            {
                if (!isCompleted)
                {
                    return ResponseEvent.NeedMore;
                }

                if (!buffer.IsEmpty)
                {
                    throw Truncated();
                }

                EndStream();
                return ResponseEvent.End;
            }

            if (_frameRemaining > 0 && buffer.IsEmpty)
            {
                return isCompleted ? throw Truncated() : ResponseEvent.NeedMore;
            }

            ResponseEvent? found = _frameType switch
            {
                Http3FrameType.Data => ReadData(ref buffer, destination, out written),
                Http3FrameType.Headers => ReadHeaders(ref buffer),
                _ => Skip(ref buffer),
            };
            if (found is ResponseEvent result)
            {
                return result;
            }
        }

        return ResponseEvent.End;
    }

    private static Http3ProtocolException Truncated() =>
        Http3ProtocolException.ForConnection(Http3ErrorCode.FrameError, "The server ended the stream inside a frame, so the response is not whole (RFC 9114, section 7.1).");

    private static Http3ProtocolException Unexpected(long type, string why) => Http3ProtocolException.ForConnection(
        Http3ErrorCode.FrameUnexpected, string.Create(CultureInfo.InvariantCulture, $"The server sent a frame of type 0x{type:x} on a request stream {why}."));

    private bool TryBeginFrame(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty || !Http3Frame.TryReadHeader(ref buffer, out long type, out long length))
        {
            return false;
        }

        CheckFrame(type, length);
        _frameType = type;
        _frameRemaining = length;
        return true;
    }

    private void CheckFrame(long type, long length)
    {
        switch (type)
        {
            case Http3FrameType.Data:
                if (_phase != Phase.Content)
                {
                    throw Unexpected(type, _phase == Phase.Head ? "before the headers" : "after the trailers");
                }

                break;
            case Http3FrameType.Headers:
                if (_phase == Phase.Trailers)
                {
                    throw Unexpected(type, "after the trailers");
                }

                // Compressed fields are never larger than what they count for, but for a coding that only wastes space.
                if (length > _maxSectionBytes)
                {
                    throw _head.TooLarge(length);
                }

                _head.BeginSection(_phase == Phase.Content);
                break;
            case Http3FrameType.PushPromise:
                throw Http3ProtocolException.ForConnection(
                    Http3ErrorCode.IdError, "The server pushed a response although this client never allowed a push (RFC 9114, section 7.2.5).");
            case Http3FrameType.Settings or Http3FrameType.GoAway or Http3FrameType.MaxPushId or Http3FrameType.CancelPush
                or Http3FrameType.PriorityUpdateForRequest or Http3FrameType.PriorityUpdateForPush:
                throw Unexpected(type, "where it belongs on the control stream");
            default:
                if (Http3FrameType.IsReservedFromHttp2(type))
                {
                    throw Unexpected(type, "which is HTTP/2's");
                }

                break;
        }
    }

    private ResponseEvent? ReadData(ref ReadOnlySequence<byte> buffer, Span<byte> destination, out int written)
    {
        written = 0;
        if (_frameRemaining == 0)
        {
            _frameType = NoFrame;
            return null;
        }

        int count = (int)Math.Min(destination.Length, Math.Min(_frameRemaining, buffer.Length));
        if (!_head.AllowsContent(_contentRead + Math.Max(count, 1)))
        {
            throw Http3ProtocolException.ForStream(Http3ErrorCode.MessageError, _head.DescribeTooMuchContent());
        }

        buffer.Slice(0, count).CopyTo(destination);
        buffer = buffer.Slice(count);
        written = count;
        _contentRead += count;
        _frameRemaining -= count;
        if (_frameRemaining == 0)
        {
            _frameType = NoFrame;
        }

        return ResponseEvent.Data;
    }

    private ResponseEvent? ReadHeaders(ref ReadOnlySequence<byte> buffer)
    {
        ReadOnlySequence<byte> piece = buffer.Length > _frameRemaining ? buffer.Slice(0, _frameRemaining) : buffer;
        QpackReadResult result = _decoder.Read(Section, piece, piece.Length == _frameRemaining, _head, out long consumed);
        buffer = buffer.Slice(consumed);
        _frameRemaining -= consumed;
        if (result != QpackReadResult.End)
        {
            // Whether more can come is for the caller to see: the stream may be over inside the section.
            return result == QpackReadResult.Blocked ? ResponseEvent.Blocked : consumed > 0 ? null : ResponseEvent.NeedMore;
        }

        _frameType = NoFrame;
        bool wasTrailers = _phase == Phase.Content;
        bool isFinal = _head.EndSection();
        if (wasTrailers)
        {
            _phase = Phase.Trailers;
            return null;
        }

        if (!isFinal)
        {
            return ResponseEvent.Informational;
        }

        _phase = Phase.Content;
        return ResponseEvent.Head;
    }

    private ResponseEvent? Skip(ref ReadOnlySequence<byte> buffer)
    {
        long count = Math.Min(_frameRemaining, buffer.Length);
        buffer = buffer.Slice(count);
        _frameRemaining -= count;
        if (_frameRemaining == 0)
        {
            _frameType = NoFrame;
        }

        return null;
    }

    private void EndStream()
    {
        if (_phase == Phase.Head)
        {
            throw Http3ProtocolException.ForStream(
                Http3ErrorCode.MessageError, "The server ended the stream before it sent the headers of a response.", HttpRequestError.ResponseEnded);
        }

        if (!_head.AllowsEndAfter(_contentRead))
        {
            throw Http3ProtocolException.ForStream(
                Http3ErrorCode.MessageError,
                string.Create(CultureInfo.InvariantCulture, $"The server ended the response after {_contentRead} bytes of content but announced {_head.ContentLength} (content-length)."),
                HttpRequestError.ResponseEnded);
        }

        _phase = Phase.Over;
    }
}
