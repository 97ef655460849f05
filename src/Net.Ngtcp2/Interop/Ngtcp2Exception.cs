namespace Net.Ngtcp2.Interop;

/// <summary>An ngtcp2 function failed. It stays inside this assembly: the engine turns it into a <see cref="TransportException"/>.</summary>
internal sealed class Ngtcp2Exception : Exception
{
    /// <summary>An error of a function.</summary>
    /// <param name="function">Which function failed.</param>
    /// <param name="code">What it returned.</param>
    internal Ngtcp2Exception(string function, int code)
        : base($"{function} failed: {Ngtcp2Errors.Describe(code)}")
    {
        Function = function;
        Code = code;
    }

    /// <summary>Which function failed.</summary>
    internal string Function { get; }

    /// <summary>What it returned, NGTCP2_ERR_*.</summary>
    internal int Code { get; }

    /// <summary>Throws when a function returned an error; results of zero and more are successes.</summary>
    /// <exception cref="Ngtcp2Exception"><paramref name="result"/> is below zero.</exception>
    internal static long ThrowIfError(nint result, string function) =>
        result < 0 ? throw new Ngtcp2Exception(function, (int)result) : result;
}
