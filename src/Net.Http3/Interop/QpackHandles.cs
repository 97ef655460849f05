using Microsoft.Win32.SafeHandles;

namespace Net.Http3.Interop;

/// <summary>Owns a native QPACK encoder. Not for two threads at once.</summary>
internal sealed unsafe class QpackEncoderHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Makes an encoder.</summary>
    /// <param name="maxTableCapacity">The largest dynamic table it will ever use, bytes.</param>
    internal QpackEncoderHandle(int maxTableCapacity)
        : base(ownsHandle: true)
    {
        nghttp3_qpack_encoder* encoder;
        QpackException.ThrowIfError(
            Nghttp3Native.nghttp3_qpack_encoder_new(&encoder, (nuint)maxTableCapacity, Nghttp3Native.nghttp3_mem_default()), "nghttp3_qpack_encoder_new");
        SetHandle((nint)encoder);
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal nghttp3_qpack_encoder* Pointer => (nghttp3_qpack_encoder*)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Nghttp3Native.nghttp3_qpack_encoder_del(Pointer);
        return true;
    }
}

/// <summary>Owns a native QPACK decoder. Not for two threads at once.</summary>
internal sealed unsafe class QpackDecoderHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Makes a decoder.</summary>
    /// <param name="maxTableCapacity">The largest dynamic table the peer may ask for, bytes.</param>
    /// <param name="maxBlockedStreams">How many streams may wait for the encoder stream.</param>
    internal QpackDecoderHandle(int maxTableCapacity, int maxBlockedStreams)
        : base(ownsHandle: true)
    {
        nghttp3_qpack_decoder* decoder;
        QpackException.ThrowIfError(
            Nghttp3Native.nghttp3_qpack_decoder_new(&decoder, (nuint)maxTableCapacity, (nuint)maxBlockedStreams, Nghttp3Native.nghttp3_mem_default()),
            "nghttp3_qpack_decoder_new");
        SetHandle((nint)decoder);
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal nghttp3_qpack_decoder* Pointer => (nghttp3_qpack_decoder*)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Nghttp3Native.nghttp3_qpack_decoder_del(Pointer);
        return true;
    }
}

/// <summary>Owns what the decoder remembers of one stream's field section. Used under the decoder's lock only.</summary>
internal sealed unsafe class QpackStreamContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Makes a context.</summary>
    /// <param name="streamId">The stream's id.</param>
    internal QpackStreamContextHandle(long streamId)
        : base(ownsHandle: true)
    {
        nghttp3_qpack_stream_context* context;
        QpackException.ThrowIfError(
            Nghttp3Native.nghttp3_qpack_stream_context_new(&context, streamId, Nghttp3Native.nghttp3_mem_default()), "nghttp3_qpack_stream_context_new");
        SetHandle((nint)context);
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal nghttp3_qpack_stream_context* Pointer => (nghttp3_qpack_stream_context*)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Nghttp3Native.nghttp3_qpack_stream_context_del(Pointer);
        return true;
    }
}
