using System.Net;
using Microsoft.Extensions.Logging;

namespace Net.Hosting.Serving;

/// <summary>What <c>net serve</c> was told.</summary>
internal sealed record ServeOptions
{
    internal required IPEndPoint EndPoint { get; init; }

    /// <summary>Where health and metrics are served; <c>null</c>: nowhere.</summary>
    internal IPEndPoint? AdminEndPoint { get; init; }

    /// <summary>Where AQL keeps its rows; <c>null</c>: in memory.</summary>
    internal string? DataDirectory { get; init; }

    /// <summary>Where executed calls are noted; <c>null</c>: nowhere.</summary>
    internal string? LedgerPath { get; init; }

    /// <summary>The file of rules; <c>null</c>: whoever the handshake lets in may do all.</summary>
    internal string? AccessFile { get; init; }

    /// <summary>Where the audit is kept; <c>null</c>: where the file of rules says.</summary>
    internal string? AuditDirectory { get; init; }

    internal required string Engine { get; init; }

    internal required string CertificatePath { get; init; }

    internal required string KeyPath { get; init; }

    internal required string AuthorityPath { get; init; }

    /// <summary>Revocation lists of the authorities.</summary>
    internal IReadOnlyList<string> RevocationListPaths { get; init; } = [];

    /// <summary>The authorities that the server's own certificate must lead to; empty: any.</summary>
    internal IReadOnlyList<string> IssuerPaths { get; init; } = [];

    internal required ClientCertificateMode ClientCertificateMode { get; init; }

    /// <summary>Whether requests that may be repeated may come before the handshake is over.</summary>
    internal bool AllowsEarlyData { get; init; }

    /// <summary>The file with the secret of stateless resets; <c>null</c>: another one in each process.</summary>
    internal string? ResetKeyPath { get; init; }

    internal required int MaxConnections { get; init; }

    internal required int MaxStreams { get; init; }

    internal required TimeSpan ShutdownTimeout { get; init; }

    internal required TimeSpan IdleTimeout { get; init; }

    internal required LogLevel LogLevel { get; init; }

    internal string? ReadyFile { get; init; }

    internal required bool SelfTest { get; init; }

    internal required string ClientCertificatePath { get; init; }

    internal required string ClientKeyPath { get; init; }
}
