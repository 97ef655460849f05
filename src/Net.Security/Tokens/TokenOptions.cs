namespace Net.Security;

/// <summary>Which tokens are taken.</summary>
public sealed record TokenOptions
{
    /// <summary>Whose tokens are taken. Default none: no tokens.</summary>
    /// <remarks>Name those whose tokens are meant for this service, no more.</remarks>
    public IReadOnlyList<TokenIssuer> Issuers { get; init; } = [];

    /// <summary>Bytes that a token may have; a longer one is refused before it is looked at. Default 8 KiB; range 256 to 64 KiB.</summary>
    /// <remarks>Raise it for issuers that put long lists of groups into tokens; headers must have room for it, too.</remarks>
    public int MaxBytes { get; init; } = 8 << 10;

    internal void Validate(OptionFaults faults)
    {
        faults.Range("Tokens.MaxBytes", MaxBytes, 256, 64 << 10);
        if (Issuers is null)
        {
            faults.Add("Tokens.Issuers", "is null.");
            return;
        }

        for (int i = 0; i < Issuers.Count; i++)
        {
            Issuers[i].Validate(faults, $"Tokens.Issuers[{i}]");
        }

        if (Issuers.GroupBy(static issuer => issuer.Issuer, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            faults.Add("Tokens.Issuers", $"names '{twice.Key}' twice.");
        }
    }
}
