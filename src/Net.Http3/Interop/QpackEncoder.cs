using System.Buffers;

namespace Net.Http3.Interop;

/// <summary>Compresses header sections. Any thread; one at a time inside.</summary>
/// <remarks>
/// The dynamic table stays empty until <see cref="ApplyPeerSettings"/>. Instructions for the peer's decoder are written to the encoder stream under the same lock,
/// because their order is that of the sections (RFC 9204, section 2.1.3).
/// </remarks>
internal sealed unsafe class QpackEncoder : IDisposable
{
    private readonly Lock _lock = new();
    private readonly QpackEncoderHandle _handle;
    private readonly int _maxTableCapacity;
    private readonly Action<ReadOnlySpan<byte>> _writeInstructions;
    private nghttp3_buf _prefix;
    private nghttp3_buf _section;
    private nghttp3_buf _instructions;
    private nghttp3_nv[] _fields = new nghttp3_nv[32];
    private bool _disposed;

    /// <summary>Makes an encoder.</summary>
    /// <param name="maxTableCapacity">The largest dynamic table to use, whatever the peer offers, bytes.</param>
    /// <param name="writeInstructions">Writes to the encoder stream; called under the lock, must not wait.</param>
    internal QpackEncoder(int maxTableCapacity, Action<ReadOnlySpan<byte>> writeInstructions)
    {
        _maxTableCapacity = maxTableCapacity;
        _writeInstructions = writeInstructions;
        _handle = new QpackEncoderHandle(maxTableCapacity);
    }

    /// <summary>Lets the encoder use the table that the peer offers.</summary>
    /// <param name="tableCapacity">SETTINGS_QPACK_MAX_TABLE_CAPACITY.</param>
    /// <param name="blockedStreams">SETTINGS_QPACK_BLOCKED_STREAMS.</param>
    internal void ApplyPeerSettings(long tableCapacity, long blockedStreams)
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                Nghttp3Native.nghttp3_qpack_encoder_set_max_dtable_capacity(_handle.Pointer, (nuint)Math.Min(tableCapacity, _maxTableCapacity));
                Nghttp3Native.nghttp3_qpack_encoder_set_max_blocked_streams(_handle.Pointer, (nuint)Math.Min(blockedStreams, ushort.MaxValue));
            }
        }
    }

    /// <summary>Writes one field section as a HEADERS frame.</summary>
    /// <param name="streamId">The stream it goes to.</param>
    /// <param name="fields">The fields.</param>
    /// <param name="output">Takes the frame.</param>
    /// <exception cref="QpackException">The encoder is out of order.</exception>
    internal void WriteHeaders(long streamId, HeaderFieldBuffer fields, IBufferWriter<byte> output)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            fixed (nghttp3_buf* prefix = &_prefix, section = &_section, instructions = &_instructions)
            {
                Encode(streamId, fields, prefix, section, instructions);
                Http3Frame.WriteHeader(output, Http3FrameType.Headers, prefix->Content.Length + section->Content.Length);
                output.Write(prefix->Content);
                output.Write(section->Content);
                if (!instructions->Content.IsEmpty)
                {
                    _writeInstructions(instructions->Content);
                }

                Nghttp3Native.nghttp3_buf_reset(prefix);
                Nghttp3Native.nghttp3_buf_reset(section);
                Nghttp3Native.nghttp3_buf_reset(instructions);
            }
        }
    }

    /// <summary>Takes bytes of the peer's decoder stream.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="QpackException">They make no sense.</exception>
    internal void ReadDecoderStream(in ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> memory in bytes)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                fixed (byte* source = memory.Span)
                {
                    QpackException.ThrowIfError(
                        Nghttp3Native.nghttp3_qpack_encoder_read_decoder(_handle.Pointer, source, (nuint)memory.Length), "nghttp3_qpack_encoder_read_decoder");
                }
            }
        }
    }

    /// <summary>Frees what is native.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _handle.Dispose();
            nghttp3_mem* memory = Nghttp3Native.nghttp3_mem_default();
            fixed (nghttp3_buf* prefix = &_prefix, section = &_section, instructions = &_instructions)
            {
                Nghttp3Native.nghttp3_buf_free(prefix, memory);
                Nghttp3Native.nghttp3_buf_free(section, memory);
                Nghttp3Native.nghttp3_buf_free(instructions, memory);
            }
        }
    }

    private void Encode(long streamId, HeaderFieldBuffer fields, nghttp3_buf* prefix, nghttp3_buf* section, nghttp3_buf* instructions)
    {
        int count = fields.Count;
        if (_fields.Length < count)
        {
            Array.Resize(ref _fields, Math.Max(count, _fields.Length * 2));
        }

        fixed (byte* bytes = fields.Bytes)
        fixed (nghttp3_nv* native = _fields)
        {
            for (int i = 0; i < count; i++)
            {
                HeaderField field = fields[i];
                native[i] = new nghttp3_nv
                {
                    name = bytes + field.NameOffset,
                    namelen = (nuint)field.NameLength,
                    value = bytes + field.ValueOffset,
                    valuelen = (nuint)field.ValueLength,
                    flags = field.IsSensitive ? Nghttp3Native.NGHTTP3_NV_FLAG_NEVER_INDEX : Nghttp3Native.NGHTTP3_NV_FLAG_NONE,
                };
            }

            QpackException.ThrowIfError(
                Nghttp3Native.nghttp3_qpack_encoder_encode(_handle.Pointer, prefix, section, instructions, streamId, native, (nuint)count),
                "nghttp3_qpack_encoder_encode");
        }
    }
}
