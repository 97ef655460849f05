using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;

namespace Net.Http3;

/// <summary>Where a request's content is written: each piece becomes a DATA frame in the stream's pipe.</summary>
/// <remarks>
/// It is also an <see cref="IBufferWriter{T}"/>: a content that serialises through it writes into the pipe's own memory, and nothing is copied. The frame's header is put in front of what was written
/// when the piece of memory is full or flushed.
/// Content of known length is sent in lumps and with the FIN; of unknown length after each <see cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>, as a peer may wait for it.
/// </remarks>
internal sealed class Http3RequestStream(TransportStream stream, long? contentLength) : Stream, IBufferWriter<byte>
{
    private const int Lump = 32 << 10;
    private const int SmallFrame = 1 << 14;
    private const int SmallHeader = 3;
    private const int LargeHeader = 5;

    private readonly PipeWriter _output = stream.Output;
    private Memory<byte> _memory;
    private int _headerSize;
    private int _used;
    private long _written;
    private long _unflushed;

    /// <summary>Whether the server said that it needs no more of the content (STOP_SENDING with H3_NO_ERROR): what is written then goes nowhere.</summary>
    internal bool IsAbandoned { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        sizeHint = Math.Max(sizeHint, 1);
        if (_memory.Length - _headerSize - _used < sizeHint)
        {
            Commit();
            _memory = _output.GetMemory(sizeHint + LargeHeader);

            // A length may be written longer than it need be (RFC 9000, section 16), so that its size is known before the content's.
            _headerSize = _memory.Length - SmallHeader < SmallFrame ? SmallHeader : LargeHeader;
        }

        return _memory[(_headerSize + _used)..];
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _memory.Length - _headerSize - _used);
        Count(count);
        _used += count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return;
        }

        Count(buffer.Length);
        Commit();
        if (IsAbandoned)
        {
            return;
        }

        Http3Frame.WriteHeader(_output, Http3FrameType.Data, buffer.Length);
        while (true)
        {
            int count = Math.Min(buffer.Length, Lump);
            _output.Write(buffer.Span[..count]);
            _unflushed += count;
            buffer = buffer[count..];
            if (_unflushed >= Lump || (buffer.IsEmpty && contentLength is null))
            {
                await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
            }

            if (buffer.IsEmpty || IsAbandoned)
            {
                return;
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("HTTP/3 content is written asynchronously: use WriteAsync.");

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        Commit();
        if (!IsAbandoned)
        {
            await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override void Flush() => throw new NotSupportedException("HTTP/3 content is flushed asynchronously: use FlushAsync.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Puts the last frame into the pipe and checks that all was written that was announced.</summary>
    /// <exception cref="HttpRequestException">There was less than the content-length.</exception>
    internal void Finish()
    {
        Commit();
        if (!IsAbandoned && contentLength is long length && _written < length)
        {
            throw new HttpRequestException(
                string.Create(CultureInfo.InvariantCulture, $"The request's content ended after {_written} bytes but its content-length is {length}."));
        }
    }

    private void Count(int count)
    {
        _written += count;
        if (contentLength is long length && _written > length)
        {
            throw new HttpRequestException(
                string.Create(CultureInfo.InvariantCulture, $"The request's content has {_written} bytes or more but its content-length is {length}."));
        }
    }

    private void Commit()
    {
        if (_used > 0)
        {
            Span<byte> header = _memory.Span;
            header[0] = (byte)Http3FrameType.Data;
            if (_headerSize == SmallHeader)
            {
                BinaryPrimitives.WriteUInt16BigEndian(header[1..], (ushort)(_used | 0x4000));
            }
            else
            {
                BinaryPrimitives.WriteUInt32BigEndian(header[1..], (uint)_used | 0x8000_0000);
            }

            if (!IsAbandoned)
            {
                _output.Advance(_headerSize + _used);
                _unflushed += _used;
            }
        }

        _memory = default;
        _headerSize = 0;
        _used = 0;
    }

    private async ValueTask FlushOutputAsync(CancellationToken cancellationToken)
    {
        _unflushed = 0;
        try
        {
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException exception) when (exception is { Error: TransportError.StreamReset, ApplicationErrorCode: (long)Http3ErrorCode.NoError })
        {
            // The server has all it wants for its response; the request is no failure (RFC 9114, section 4.1).
            IsAbandoned = true;
        }
    }
}
