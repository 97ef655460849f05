using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>Lets in only peers that <see cref="PeerRules"/> allow.</summary>
internal sealed class PeerNameRule : ChainRule
{
    private readonly PeerRules _rules;
    private readonly FrozenSet<string> _allowed;
    private readonly FrozenSet<string> _denied;
    private readonly bool _hasAllowList;

    internal PeerNameRule(PeerRules rules)
    {
        _rules = rules;
        _allowed = rules.AllowedFingerprints.Select(PeerRules.Normalize).ToFrozenSet(StringComparer.Ordinal);
        _denied = rules.DeniedFingerprints.Select(PeerRules.Normalize).ToFrozenSet(StringComparer.Ordinal);
        _hasAllowList = rules.AllowedNames.Count + rules.AllowedSpiffeIds.Count + rules.AllowedFingerprints.Count > 0;
    }

    public override PeerCertificateVerdict Judge(IReadOnlyList<X509Certificate2> chain, in PeerCertificateContext context, ref DateTimeOffset validUntil)
    {
        X509Certificate2 leaf = chain[0];
        string fingerprint = leaf.GetCertHashString(HashAlgorithmName.SHA256);
        if (_denied.Contains(fingerprint))
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.NotAllowed, $"The certificate with SHA-256 {fingerprint} is in {nameof(PeerRules)}.{nameof(PeerRules.DeniedFingerprints)}.");
        }

        if (!_hasAllowList || _allowed.Contains(fingerprint))
        {
            return PeerCertificateVerdict.Accepted;
        }

        CertificateNames names;
        try
        {
            names = CertificateNames.Read(leaf);
        }
        catch (CryptographicException exception)
        {
            return PeerCertificateVerdict.Refused(CertificateRefusal.Malformed, $"The certificate '{PeerText.Clean(leaf.Subject)}' cannot be judged by {nameof(PeerRules)}: {exception.Message}");
        }

        if (names.DnsNames.Any(name => _rules.AllowedNames.Any(pattern => MatchesName(pattern, name)))
            || (names.SpiffeId is string id && _rules.AllowedSpiffeIds.Any(pattern => MatchesId(pattern, id))))
        {
            return PeerCertificateVerdict.Accepted;
        }

        if (names.IsEmpty)
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.NotAllowed,
                $"The certificate '{PeerText.Clean(leaf.Subject)}' has no name among its subject alternative names that {nameof(PeerRules)} could allow, and a common name never counts (RFC 9525); add its SHA-256 {fingerprint}, or have it issued with an allowed name.");
        }

        return PeerCertificateVerdict.Refused(
            CertificateRefusal.NotAllowed,
            $"The certificate '{PeerText.Clean(leaf.Subject)}' with the names {PeerText.Clean(names.ToString())} matches no entry of {nameof(PeerRules)}; add its name, SPIFFE id or SHA-256 {fingerprint}, or have it issued with an allowed name.");
    }

    // A wildcard in a peer's certificate proves no single name: it only matches the rule that allows them all.
    private static bool MatchesName(string pattern, string name)
    {
        if (string.Equals(pattern, name, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return pattern.StartsWith("*.", StringComparison.Ordinal) && dot > 0 && name[0] != '*' && name.AsSpan(dot).Equals(pattern.AsSpan(1), StringComparison.OrdinalIgnoreCase);
    }

    private static bool MatchesId(string pattern, string id) =>
        pattern.EndsWith("/*", StringComparison.Ordinal)
            ? id.Length > pattern.Length - 1 && id.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
            : string.Equals(pattern, id, StringComparison.Ordinal);
}
