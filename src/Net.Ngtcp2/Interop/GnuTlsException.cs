using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>A GnuTLS function failed. It stays inside this assembly: the engine turns it into a <see cref="TransportException"/>.</summary>
internal sealed unsafe class GnuTlsException : Exception
{
    /// <summary>An error of a function.</summary>
    /// <param name="function">Which function failed.</param>
    /// <param name="code">What it returned.</param>
    /// <param name="detail">What it was about, when that helps; a sentence.</param>
    internal GnuTlsException(string function, int code, string? detail = null)
        : base($"{function} failed: {Describe(code)}{(detail is null ? string.Empty : " " + detail)}")
    {
        Function = function;
        Code = code;
    }

    /// <summary>Which function failed.</summary>
    internal string Function { get; }

    /// <summary>What it returned, GNUTLS_E_*.</summary>
    internal int Code { get; }

    /// <summary>Throws when a function returned an error; results of zero and more are successes.</summary>
    /// <exception cref="GnuTlsException"><paramref name="result"/> is below zero.</exception>
    internal static int ThrowIfError(int result, string function) =>
        result < 0 ? throw new GnuTlsException(function, result) : result;

    /// <summary>Name, number and sentence of an error code.</summary>
    internal static string Describe(int code)
    {
        var name = Marshal.PtrToStringUTF8((nint)GnuTlsNative.gnutls_strerror_name(code)) ?? "unknown error";
        return $"{name} ({code}): {Marshal.PtrToStringUTF8((nint)GnuTlsNative.gnutls_strerror(code))}";
    }

    /// <summary>Name and number of a TLS alert, such as "certificate_required" in GnuTLS's own words.</summary>
    internal static string DescribeAlert(byte alert)
    {
        var text = Marshal.PtrToStringUTF8((nint)GnuTlsNative.gnutls_alert_get_name((gnutls_alert_description_t)alert)) ?? "unknown alert";
        return $"{text.TrimEnd('.')} (TLS alert {alert})";
    }
}
