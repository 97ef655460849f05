using System.Runtime.InteropServices;

namespace Net.Http3.Interop;

/// <summary>A function of nghttp3 failed. It stays inside this assembly: the connection turns it into its own error.</summary>
internal sealed unsafe class QpackException : Exception
{
    /// <summary>An error of a function.</summary>
    /// <param name="function">Which function failed.</param>
    /// <param name="code">What it returned.</param>
    internal QpackException(string function, int code)
        : base($"{function} failed: {Describe(code)}")
    {
        Code = code;
    }

    /// <summary>What it returned, NGHTTP3_ERR_*.</summary>
    internal int Code { get; }

    /// <summary>The code to close the connection with (RFC 9204, section 6).</summary>
    internal Http3ErrorCode ConnectionError => Code switch
    {
        Nghttp3Native.NGHTTP3_ERR_QPACK_DECOMPRESSION_FAILED or Nghttp3Native.NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE => Http3ErrorCode.QpackDecompressionFailed,
        Nghttp3Native.NGHTTP3_ERR_QPACK_ENCODER_STREAM_ERROR => Http3ErrorCode.QpackEncoderStreamError,
        Nghttp3Native.NGHTTP3_ERR_QPACK_DECODER_STREAM_ERROR => Http3ErrorCode.QpackDecoderStreamError,
        _ => Http3ErrorCode.InternalError,
    };

    /// <summary>Throws when a function returned an error; results of zero and more are successes.</summary>
    /// <exception cref="QpackException"><paramref name="result"/> is below zero.</exception>
    internal static nint ThrowIfError(nint result, string function) => result < 0 ? throw new QpackException(function, (int)result) : result;

    private static string Describe(int code) => $"{Marshal.PtrToStringUTF8((nint)Nghttp3Native.nghttp3_strerror(code))} ({code})";
}
