namespace Net.Http3.Interop;

// Types whose content is the library's own. Each is a type of its own so that the compiler refuses a wrong pointer.

/// <summary>A QPACK encoder.</summary>
// typedef struct nghttp3_qpack_encoder nghttp3_qpack_encoder;
internal readonly struct nghttp3_qpack_encoder;

/// <summary>A QPACK decoder.</summary>
// typedef struct nghttp3_qpack_decoder nghttp3_qpack_decoder;
internal readonly struct nghttp3_qpack_decoder;

/// <summary>What the decoder remembers of one field section.</summary>
// typedef struct nghttp3_qpack_stream_context nghttp3_qpack_stream_context;
internal readonly struct nghttp3_qpack_stream_context;

/// <summary>A reference counted buffer.</summary>
// typedef struct nghttp3_rcbuf nghttp3_rcbuf;
internal readonly struct nghttp3_rcbuf;

/// <summary>An allocator.</summary>
// typedef struct nghttp3_mem nghttp3_mem;
internal readonly struct nghttp3_mem;

#pragma warning disable CS0649 // The library fills these in.

/// <summary>Bytes somewhere.</summary>
internal unsafe struct nghttp3_vec
{
    public byte* @base;
    public nuint len;
}

/// <summary>A buffer that the library makes larger as it needs.</summary>
internal unsafe struct nghttp3_buf
{
    public byte* begin;
    public byte* end;
    public byte* pos;
    public byte* last;

    /// <summary>What has been written and not read.</summary>
    internal readonly ReadOnlySpan<byte> Content => new(pos, checked((int)(last - pos)));
}

/// <summary>A header field to encode.</summary>
internal unsafe struct nghttp3_nv
{
    public byte* name;
    public byte* value;
    public nuint namelen;
    public nuint valuelen;
    public byte flags;
}

/// <summary>A header field that was decoded; the receiver gives both buffers back.</summary>
internal unsafe struct nghttp3_qpack_nv
{
    public nghttp3_rcbuf* name;
    public nghttp3_rcbuf* value;
    public int token;
    public byte flags;
}

/// <summary>The library's version.</summary>
internal unsafe struct nghttp3_info
{
    public int age;
    public int version_num;
    public byte* version_str;
}
#pragma warning restore CS0649
