using System.Globalization;

namespace Net.Security;

/// <summary>Which peers are accepted of those whose chain is good. Without any rule: all.</summary>
/// <remarks>A peer passes when it matches one entry of any list. A server's certificate must hold the name connected to besides.</remarks>
public sealed record PeerRules
{
    /// <summary>DNS names, one of which must be in the subject alternative names: exact, or <c>*.example.com</c> for any one label in its place. Default none.</summary>
    public IReadOnlyList<string> AllowedNames { get; init; } = [];

    /// <summary>
    /// SPIFFE ids: exact, or ending in <c>/*</c> for all below, such as <c>spiffe://prod.example/orders/*</c>. Only a certificate with exactly one URI, as the standard demands, has one.
    /// Default none.
    /// </summary>
    public IReadOnlyList<string> AllowedSpiffeIds { get; init; } = [];

    /// <summary>SHA-256 fingerprints of leaf certificates, 64 hexadecimal digits; colons may stand between. Default none.</summary>
    public IReadOnlyList<string> AllowedFingerprints { get; init; } = [];

    /// <summary>SHA-256 fingerprints of leaf certificates that are refused, whatever else allows them. Default none.</summary>
    public IReadOnlyList<string> DeniedFingerprints { get; init; } = [];

    /// <summary>Whether there is no rule at all.</summary>
    internal bool IsEmpty => AllowedNames.Count + AllowedSpiffeIds.Count + AllowedFingerprints.Count + DeniedFingerprints.Count == 0;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(PeerRules));
        foreach (string? name in AllowedNames)
        {
            string plain = name is not null && name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name ?? "";
            if (Uri.CheckHostName(plain) != UriHostNameType.Dns)
            {
                faults.Add(nameof(AllowedNames), $"holds '{name}'; write a DNS name, or one with *. in front.");
            }
        }

        foreach (string? id in AllowedSpiffeIds)
        {
            if (id is null || !Uri.TryCreate(id, UriKind.Absolute, out Uri? uri) || uri.Scheme != "spiffe" || uri.Host.Length == 0 || id.IndexOf('*', StringComparison.Ordinal) is int star && star >= 0 && (star != id.Length - 1 || id[star - 1] != '/'))
            {
                faults.Add(nameof(AllowedSpiffeIds), $"holds '{id}'; write spiffe://trust-domain/path, or with /* at its end.");
            }
        }

        CheckFingerprints(faults, nameof(AllowedFingerprints), AllowedFingerprints);
        CheckFingerprints(faults, nameof(DeniedFingerprints), DeniedFingerprints);
        faults.ThrowIfAny();
    }

    /// <summary>A fingerprint as the rule compares it.</summary>
    internal static string Normalize(string fingerprint) => fingerprint.Replace(":", "", StringComparison.Ordinal).ToUpper(CultureInfo.InvariantCulture);

    private static void CheckFingerprints(OptionFaults faults, string property, IReadOnlyList<string> fingerprints)
    {
        foreach (string? fingerprint in fingerprints)
        {
            if (fingerprint is null || Normalize(fingerprint) is not { Length: 64 } digits || !digits.All(char.IsAsciiHexDigit))
            {
                faults.Add(property, $"holds '{fingerprint}'; write the SHA-256 of the certificate, 64 hexadecimal digits.");
            }
        }
    }
}
