using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security;

/// <summary>What a caller showed, on whatever transport.</summary>
public readonly record struct CallerCredentials
{
    /// <summary>The certificate of its connection, which the handshake has accepted; <c>null</c>: none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The value of <c>authorization</c>; <c>null</c>: none.</summary>
    public string? Authorization { get; init; }

    /// <summary>Whether <c>authorization</c> came more than once, which is refused: which one counts would be a guess.</summary>
    public bool HasSeveralAuthorizations { get; init; }

    /// <summary>Where the caller is; <c>null</c>: unknown, and all such callers count as one source.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>The caller's trace, as <c>traceparent</c> of W3C Trace Context has it, for the audit; <c>null</c>: none, or it is the current one.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Where the caller is; never what it showed.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{nameof(CallerCredentials)} {{ {Source} }}";
}
