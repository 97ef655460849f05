using System.Runtime.InteropServices;

namespace Net.Http3.Interop;

/// <summary>The functions of nghttp3 that are used: QPACK (RFC 9204). Each carries its C declaration.</summary>
internal static unsafe partial class Nghttp3Native
{
    /// <summary>The shared library. The number at the end is the ABI version and part of the contract.</summary>
    internal const string Library = "libnghttp3.so.9";

    internal const int NGHTTP3_ERR_NOMEM = -901;
    internal const int NGHTTP3_ERR_QPACK_FATAL = -108;
    internal const int NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE = -109;
    internal const int NGHTTP3_ERR_QPACK_DECOMPRESSION_FAILED = -401;
    internal const int NGHTTP3_ERR_QPACK_ENCODER_STREAM_ERROR = -402;
    internal const int NGHTTP3_ERR_QPACK_DECODER_STREAM_ERROR = -403;

    internal const byte NGHTTP3_NV_FLAG_NONE = 0x00;
    internal const byte NGHTTP3_NV_FLAG_NEVER_INDEX = 0x01;
    internal const byte NGHTTP3_NV_FLAG_TRY_INDEX = 0x08;

    internal const byte NGHTTP3_QPACK_DECODE_FLAG_EMIT = 0x01;
    internal const byte NGHTTP3_QPACK_DECODE_FLAG_FINAL = 0x02;
    internal const byte NGHTTP3_QPACK_DECODE_FLAG_BLOCKED = 0x04;

    // const nghttp3_info *nghttp3_version(int least_version);
    [LibraryImport(Library)]
    internal static partial nghttp3_info* nghttp3_version(int least_version);

    // const nghttp3_mem *nghttp3_mem_default(void);
    [LibraryImport(Library)]
    internal static partial nghttp3_mem* nghttp3_mem_default();

    // const char *nghttp3_strerror(int liberr);
    [LibraryImport(Library)]
    internal static partial byte* nghttp3_strerror(int liberr);

    // nghttp3_vec nghttp3_rcbuf_get_buf(const nghttp3_rcbuf *rcbuf);
    [LibraryImport(Library)]
    internal static partial nghttp3_vec nghttp3_rcbuf_get_buf(nghttp3_rcbuf* rcbuf);

    // void nghttp3_rcbuf_decref(nghttp3_rcbuf *rcbuf);
    [LibraryImport(Library)]
    internal static partial void nghttp3_rcbuf_decref(nghttp3_rcbuf* rcbuf);

    // void nghttp3_buf_free(nghttp3_buf *buf, const nghttp3_mem *mem);
    [LibraryImport(Library)]
    internal static partial void nghttp3_buf_free(nghttp3_buf* buf, nghttp3_mem* mem);

    // void nghttp3_buf_reset(nghttp3_buf *buf);
    [LibraryImport(Library)]
    internal static partial void nghttp3_buf_reset(nghttp3_buf* buf);

    // int nghttp3_qpack_encoder_new(nghttp3_qpack_encoder **pencoder, size_t hard_max_dtable_capacity, const nghttp3_mem *mem);
    [LibraryImport(Library)]
    internal static partial int nghttp3_qpack_encoder_new(nghttp3_qpack_encoder** pencoder, nuint hard_max_dtable_capacity, nghttp3_mem* mem);

    // void nghttp3_qpack_encoder_del(nghttp3_qpack_encoder *encoder);
    [LibraryImport(Library)]
    internal static partial void nghttp3_qpack_encoder_del(nghttp3_qpack_encoder* encoder);

    /// <summary>Encodes one field section: prefix, section and instructions for the encoder stream. The buffers grow as needed.</summary>
    // int nghttp3_qpack_encoder_encode(nghttp3_qpack_encoder *encoder, nghttp3_buf *pbuf, nghttp3_buf *rbuf, nghttp3_buf *ebuf, int64_t stream_id,
    // const nghttp3_nv *nva, size_t nvlen);
    [LibraryImport(Library)]
    internal static partial int nghttp3_qpack_encoder_encode(
        nghttp3_qpack_encoder* encoder, nghttp3_buf* pbuf, nghttp3_buf* rbuf, nghttp3_buf* ebuf, long stream_id, nghttp3_nv* nva, nuint nvlen);

    // nghttp3_ssize nghttp3_qpack_encoder_read_decoder(nghttp3_qpack_encoder *encoder, const uint8_t *src, size_t srclen);
    [LibraryImport(Library)]
    internal static partial nint nghttp3_qpack_encoder_read_decoder(nghttp3_qpack_encoder* encoder, byte* src, nuint srclen);

    // void nghttp3_qpack_encoder_set_max_dtable_capacity(nghttp3_qpack_encoder *encoder, size_t max_dtable_capacity);
    [LibraryImport(Library)]
    internal static partial void nghttp3_qpack_encoder_set_max_dtable_capacity(nghttp3_qpack_encoder* encoder, nuint max_dtable_capacity);

    // void nghttp3_qpack_encoder_set_max_blocked_streams(nghttp3_qpack_encoder *encoder, size_t max_blocked_streams);
    [LibraryImport(Library)]
    internal static partial void nghttp3_qpack_encoder_set_max_blocked_streams(nghttp3_qpack_encoder* encoder, nuint max_blocked_streams);

    // int nghttp3_qpack_decoder_new(nghttp3_qpack_decoder **pdecoder, size_t hard_max_dtable_capacity, size_t max_blocked_streams,
    // const nghttp3_mem *mem);
    [LibraryImport(Library)]
    internal static partial int nghttp3_qpack_decoder_new(
        nghttp3_qpack_decoder** pdecoder, nuint hard_max_dtable_capacity, nuint max_blocked_streams, nghttp3_mem* mem);

    // void nghttp3_qpack_decoder_del(nghttp3_qpack_decoder *decoder);
    [LibraryImport(Library)]
    internal static partial void nghttp3_qpack_decoder_del(nghttp3_qpack_decoder* decoder);

    // nghttp3_ssize nghttp3_qpack_decoder_read_encoder(nghttp3_qpack_decoder *decoder, const uint8_t *src, size_t srclen);
    [LibraryImport(Library)]
    internal static partial nint nghttp3_qpack_decoder_read_encoder(nghttp3_qpack_decoder* decoder, byte* src, nuint srclen);

    /// <summary>Decodes until one field is ready, the section ends, or it waits for the encoder stream. Returns the bytes read.</summary>
    // nghttp3_ssize nghttp3_qpack_decoder_read_request(nghttp3_qpack_decoder *decoder, nghttp3_qpack_stream_context *sctx, nghttp3_qpack_nv *nv,
    // uint8_t *pflags, const uint8_t *src, size_t srclen, int fin);
    [LibraryImport(Library)]
    internal static partial nint nghttp3_qpack_decoder_read_request(
        nghttp3_qpack_decoder* decoder, nghttp3_qpack_stream_context* sctx, nghttp3_qpack_nv* nv, byte* pflags, byte* src, nuint srclen, int fin);

    // void nghttp3_qpack_decoder_write_decoder(nghttp3_qpack_decoder *decoder, nghttp3_buf *dbuf);
    [LibraryImport(Library)]
    internal static partial void nghttp3_qpack_decoder_write_decoder(nghttp3_qpack_decoder* decoder, nghttp3_buf* dbuf);

    // size_t nghttp3_qpack_decoder_get_decoder_streamlen(nghttp3_qpack_decoder *decoder);
    [LibraryImport(Library)]
    internal static partial nuint nghttp3_qpack_decoder_get_decoder_streamlen(nghttp3_qpack_decoder* decoder);

    // int nghttp3_qpack_decoder_cancel_stream(nghttp3_qpack_decoder *decoder, int64_t stream_id);
    [LibraryImport(Library)]
    internal static partial int nghttp3_qpack_decoder_cancel_stream(nghttp3_qpack_decoder* decoder, long stream_id);

    // int nghttp3_qpack_stream_context_new(nghttp3_qpack_stream_context **psctx, int64_t stream_id, const nghttp3_mem *mem);
    [LibraryImport(Library)]
    internal static partial int nghttp3_qpack_stream_context_new(nghttp3_qpack_stream_context** psctx, long stream_id, nghttp3_mem* mem);

    // void nghttp3_qpack_stream_context_del(nghttp3_qpack_stream_context *sctx);
    [LibraryImport(Library)]
    internal static partial void nghttp3_qpack_stream_context_del(nghttp3_qpack_stream_context* sctx);

    // void nghttp3_qpack_stream_context_reset(nghttp3_qpack_stream_context *sctx);
    [LibraryImport(Library)]
    internal static partial void nghttp3_qpack_stream_context_reset(nghttp3_qpack_stream_context* sctx);
}
