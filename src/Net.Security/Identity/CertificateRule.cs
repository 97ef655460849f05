namespace Net.Security;

/// <summary>Says who the holder of a certificate is. Rules are tried in order; the first that matches decides.</summary>
/// <param name="Field">What it looks at.</param>
/// <param name="Pattern">
/// The value that must be there: the whole of it. <c>*</c> stands for one or more characters of one part: of a label where the field is a DNS name, of a path segment where it is a URI
/// or SPIFFE id, and anything but <c>@</c> in an e-mail address; in other fields anything. It may stand once.
/// </param>
public sealed record CertificateRule(CertificateField Field, string Pattern)
{
    /// <summary>The name of the principal: text, in which <c>{0}</c> is the value that matched and <c>{1}</c> what <c>*</c> stood for. Default <c>{0}</c>.</summary>
    public string Name { get; init; } = "{0}";

    /// <summary>The roles of the principal. Default none.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Notes what is wrong with the rule.</summary>
    /// <param name="faults">Where to.</param>
    /// <param name="property">How the rule is called there.</param>
    internal void Validate(OptionFaults faults, string property)
    {
        if (!Enum.IsDefined(Field))
        {
            faults.Add(property, $"has the field {(int)Field}, which is none of {string.Join(", ", Enum.GetNames<CertificateField>())}.");
        }

        if (string.IsNullOrEmpty(Pattern) || Pattern.Any(char.IsControl))
        {
            faults.Add(property, "needs a pattern without control characters.");
        }
        else if (Pattern.Count(static c => c == '*') > 1)
        {
            faults.Add(property, $"has the pattern '{Pattern}' with more than one *; write several rules.");
        }
        else if (Field == CertificateField.Serial && !Pattern.All(static c => char.IsAsciiHexDigit(c) || c == '*'))
        {
            faults.Add(property, $"has the serial number '{Pattern}', which is not hexadecimal; `openssl x509 -serial` shows it without colons.");
        }
        else if (Field == CertificateField.Spiffe && !Pattern.StartsWith("spiffe://", StringComparison.Ordinal))
        {
            faults.Add(property, $"has the pattern '{Pattern}', which does not begin with spiffe://.");
        }

        if (string.IsNullOrEmpty(Name))
        {
            faults.Add(property, "needs a name for the principal; {0} is the value that matched.");
        }
        else if (Name.Contains("{1}", StringComparison.Ordinal) && Pattern?.Contains('*', StringComparison.Ordinal) != true)
        {
            faults.Add(property, "has {1} in its name, and no * in its pattern that it could stand for.");
        }

        if (Roles is null || Roles.Any(string.IsNullOrEmpty))
        {
            faults.Add(property, "has roles that are null or empty.");
        }
    }
}
