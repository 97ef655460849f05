using System.Buffers;

namespace Net.Http3.Interop;

/// <summary>Decompresses header sections. Any thread; one at a time inside.</summary>
/// <remarks>Acknowledgements for the peer's encoder are written to the decoder stream under the same lock, so that each is written once and in order.</remarks>
internal sealed unsafe class QpackDecoder : IDisposable
{
    private const int SmallInstructions = 256;

    private readonly Lock _lock = new();
    private readonly QpackDecoderHandle _handle;
    private readonly int _maxTableCapacity;
    private readonly int _maxBlockedStreams;
    private readonly Action<ReadOnlySpan<byte>> _writeInstructions;
    private readonly Continuations _continuations;
    private readonly HashSet<QpackFieldSection> _blocked = [];
    private bool _disposed;

    /// <summary>Makes a decoder.</summary>
    /// <param name="maxTableCapacity">SETTINGS_QPACK_MAX_TABLE_CAPACITY of this side, bytes.</param>
    /// <param name="maxBlockedStreams">SETTINGS_QPACK_BLOCKED_STREAMS of this side.</param>
    /// <param name="writeInstructions">Writes to the decoder stream; called under the lock, must not wait.</param>
    /// <param name="continuations">Where those go on who wait for a blocked section; <c>null</c>: the thread pool.</param>
    internal QpackDecoder(int maxTableCapacity, int maxBlockedStreams, Action<ReadOnlySpan<byte>> writeInstructions, Continuations? continuations = null)
    {
        _maxTableCapacity = maxTableCapacity;
        _maxBlockedStreams = maxBlockedStreams;
        _writeInstructions = writeInstructions;
        _continuations = continuations ?? Continuations.OnThreadPool;
        _handle = new QpackDecoderHandle(maxTableCapacity, maxBlockedStreams);
    }

    /// <summary>How many sections wait for the encoder stream.</summary>
    internal int BlockedCount
    {
        get
        {
            lock (_lock)
            {
                return _blocked.Count;
            }
        }
    }

    /// <summary>Decodes a piece of a field section.</summary>
    /// <param name="section">The section's state.</param>
    /// <param name="bytes">The piece.</param>
    /// <param name="isLast">Whether the section ends with it.</param>
    /// <param name="sink">Takes the fields; called under the lock. What it throws goes to the caller, and the section is then lost.</param>
    /// <param name="consumed">How many bytes were used.</param>
    /// <returns>Whether the section is over, waits, or needs more.</returns>
    /// <exception cref="QpackException">The bytes make no sense: the connection must end.</exception>
    internal QpackReadResult Read(QpackFieldSection section, in ReadOnlySequence<byte> bytes, bool isLast, IHeaderFieldSink sink, out long consumed)
    {
        consumed = 0;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed || section.IsReleased, this);
            long left = bytes.Length;
            foreach (ReadOnlyMemory<byte> memory in bytes)
            {
                left -= memory.Length;
                QpackReadResult result = ReadPiece(section, memory.Span, isLast && left == 0, sink, out int used);
                consumed += used;
                if (result != QpackReadResult.NeedMore || used < memory.Length)
                {
                    return result;
                }
            }

            // A section may be resumed with nothing left of it to read: what was blocked was its end.
            return bytes.IsEmpty ? ReadPiece(section, default, isLast, sink, out _) : QpackReadResult.NeedMore;
        }
    }

    /// <summary>Takes bytes of the peer's encoder stream and wakes the sections that waited for them.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="QpackException">They make no sense.</exception>
    internal void ReadEncoderStream(in ReadOnlySequence<byte> bytes)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            foreach (ReadOnlyMemory<byte> memory in bytes)
            {
                fixed (byte* source = memory.Span)
                {
                    QpackException.ThrowIfError(
                        Nghttp3Native.nghttp3_qpack_decoder_read_encoder(_handle.Pointer, source, (nuint)memory.Length), "nghttp3_qpack_decoder_read_encoder");
                }
            }

            WriteInstructions();
            WakeAll_NeedsLock();
        }
    }

    /// <summary>Frees a section's state. One that was not read to its end is reported to the peer (RFC 9204, section 4.4.2).</summary>
    /// <param name="section">The section.</param>
    /// <param name="streamWasRead">Whether all sections of its stream were read.</param>
    internal void Release(QpackFieldSection section, bool streamWasRead)
    {
        lock (_lock)
        {
            if (section.IsReleased)
            {
                return;
            }

            Wake_NeedsLock(section);
            section.Release();
            if (!_disposed && !streamWasRead && _maxTableCapacity > 0)
            {
                // It fails only when more cancellations pile up than were ever sent, which is the peer's loss alone.
                _ = Nghttp3Native.nghttp3_qpack_decoder_cancel_stream(_handle.Pointer, section.StreamId);
                WriteInstructions();
            }
        }
    }

    /// <summary>Lets a section that waits look at its connection again.</summary>
    /// <param name="section">The section.</param>
    internal void Wake(QpackFieldSection section)
    {
        lock (_lock)
        {
            Wake_NeedsLock(section);
        }
    }

    /// <summary>Frees what is native and wakes whoever waits.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                WakeAll_NeedsLock();
                _handle.Dispose();
            }
        }
    }

    private QpackReadResult ReadPiece(QpackFieldSection section, ReadOnlySpan<byte> piece, bool isLast, IHeaderFieldSink sink, out int used)
    {
        used = 0;
        nghttp3_qpack_stream_context* context = section.Context;
        fixed (byte* source = piece)
        {
            // An empty piece still needs an address: the library takes the end of the section from it.
            byte nothing = 0;
            byte* start = source is null ? &nothing : source;
            while (true)
            {
                byte flags = 0;
                nghttp3_qpack_nv field;
                nint read = QpackException.ThrowIfError(
                    Nghttp3Native.nghttp3_qpack_decoder_read_request(
                        _handle.Pointer, context, &field, &flags, start + used, (nuint)(piece.Length - used), isLast ? 1 : 0),
                    "nghttp3_qpack_decoder_read_request");
                used += (int)read;
                if ((flags & Nghttp3Native.NGHTTP3_QPACK_DECODE_FLAG_FINAL) != 0)
                {
                    Nghttp3Native.nghttp3_qpack_stream_context_reset(context);
                    WriteInstructions();
                    return QpackReadResult.End;
                }

                if ((flags & Nghttp3Native.NGHTTP3_QPACK_DECODE_FLAG_BLOCKED) != 0)
                {
                    Block_NeedsLock(section);
                    return QpackReadResult.Blocked;
                }

                if ((flags & Nghttp3Native.NGHTTP3_QPACK_DECODE_FLAG_EMIT) != 0)
                {
                    Emit(field, sink);
                }
                else if (read == 0 || used == piece.Length)
                {
                    return QpackReadResult.NeedMore;
                }
            }
        }
    }

    private static void Emit(in nghttp3_qpack_nv field, IHeaderFieldSink sink)
    {
        try
        {
            nghttp3_vec name = Nghttp3Native.nghttp3_rcbuf_get_buf(field.name);
            nghttp3_vec value = Nghttp3Native.nghttp3_rcbuf_get_buf(field.value);
            sink.OnField(new ReadOnlySpan<byte>(name.@base, (int)name.len), new ReadOnlySpan<byte>(value.@base, (int)value.len));
        }
        finally
        {
            Nghttp3Native.nghttp3_rcbuf_decref(field.name);
            Nghttp3Native.nghttp3_rcbuf_decref(field.value);
        }
    }

    private void Block_NeedsLock(QpackFieldSection section)
    {
        // The peer was told how many may wait; one more is its error (RFC 9204, section 2.1.2).
        if (_blocked.Count >= _maxBlockedStreams && !_blocked.Contains(section))
        {
            throw new QpackException("nghttp3_qpack_decoder_read_request", Nghttp3Native.NGHTTP3_ERR_QPACK_DECOMPRESSION_FAILED);
        }

        section.Progress = new TaskCompletionSource(_continuations.WaiterOptions);
        _blocked.Add(section);
    }

    private void Wake_NeedsLock(QpackFieldSection section)
    {
        if (_blocked.Remove(section))
        {
            _continuations.Complete(section.Progress!);
        }
    }

    private void WakeAll_NeedsLock()
    {
        foreach (QpackFieldSection section in _blocked)
        {
            _continuations.Complete(section.Progress!);
        }

        _blocked.Clear();
    }

    private void WriteInstructions()
    {
        int length = checked((int)Nghttp3Native.nghttp3_qpack_decoder_get_decoder_streamlen(_handle.Pointer));
        if (length == 0)
        {
            return;
        }

        Span<byte> room = length <= SmallInstructions ? stackalloc byte[SmallInstructions] : new byte[length];
        fixed (byte* start = room)
        {
            var buffer = new nghttp3_buf { begin = start, end = start + room.Length, pos = start, last = start };
            Nghttp3Native.nghttp3_qpack_decoder_write_decoder(_handle.Pointer, &buffer);
            _writeInstructions(buffer.Content);
        }
    }
}
