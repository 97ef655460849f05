using Net.Security;

namespace Net.Hosting.Certificates;

/// <summary>What <c>net certs check</c> was told.</summary>
internal sealed record CertificateCheckOptions
{
    internal required string CertificatePath { get; init; }

    internal required string KeyPath { get; init; }

    internal required string AuthorityPath { get; init; }

    internal required IReadOnlyList<string> RevocationListPaths { get; init; }

    internal required IReadOnlyList<string> IssuerPaths { get; init; }

    internal required CertificateRole Role { get; init; }

    /// <summary>Fewer days than these make it fail; <c>null</c>: only a warning.</summary>
    internal required int? MinimumDays { get; init; }

    internal required bool Json { get; init; }
}
