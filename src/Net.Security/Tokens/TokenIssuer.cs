namespace Net.Security;

/// <summary>Whose tokens are taken, and what they must be like.</summary>
public sealed record TokenIssuer
{
    /// <summary>What the claim <c>iss</c> must be, letter for letter.</summary>
    public required string Issuer { get; init; }

    /// <summary>Of these the claim <c>aud</c> must name at least one, letter for letter: so that a token for another service is not taken here.</summary>
    public required IReadOnlyList<string> Audiences { get; init; }

    /// <summary>The keys. They never come from a network, nor from the token.</summary>
    public required TokenKeySource Keys { get; init; }

    /// <summary>What the header <c>typ</c> must be, without regard to case and to a leading <c>application/</c> (RFC 8725, section 3.11), such as <c>at+jwt</c>. Default <c>null</c>: missing, <c>JWT</c> or <c>at+jwt</c>.</summary>
    public string? Type { get; init; }

    /// <summary>How far the clocks of issuer and server may differ. Default 60 s; range 0 to 5 min.</summary>
    public TimeSpan Leeway { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a token may live, from <c>iat</c> to <c>exp</c>; a longer one, or one without <c>iat</c>, is refused. Default 24 h; range 1 min to 366 days; <see cref="Timeout.InfiniteTimeSpan"/>: any, and no <c>iat</c> needed.</summary>
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The claim that names the caller. Default <c>sub</c>.</summary>
    public string NameClaim { get; init; } = "sub";

    /// <summary>The claim that holds the roles: a list of texts, or one text with blanks between, as <c>scope</c> has it. Default <c>roles</c>.</summary>
    public string RolesClaim { get; init; } = "roles";

    /// <summary>The roles that this issuer may give; others in its tokens count for nothing. Default none: it says who calls, and <see cref="Roles"/> what they may do.</summary>
    public IReadOnlyList<string> AllowedRoles { get; init; } = [];

    /// <summary>Roles that each of its callers has. Default none.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Whether only tokens that are bound to the caller's certificate are taken (RFC 8705, section 3). Default <c>false</c>; a token that is bound is always held to it.</summary>
    public bool RequireCertificateBinding { get; init; }

    internal void Validate(OptionFaults faults, string property)
    {
        if (string.IsNullOrEmpty(Issuer))
        {
            faults.Add(property, "has no issuer; tokens say it in \"iss\".");
        }

        if (Audiences is null || Audiences.Count == 0 || Audiences.Any(string.IsNullOrEmpty))
        {
            faults.Add(property, "needs at least one audience, and none may be empty; tokens say it in \"aud\". Without it a token for any other service would open this one.");
        }

        if (Keys is null)
        {
            faults.Add(property, "has no keys.");
        }

        if (Leeway < TimeSpan.Zero || Leeway > TimeSpan.FromMinutes(5))
        {
            faults.Add(property, $"has a leeway of {Leeway}; it must be 0 to 5 min.");
        }

        if (MaxLifetime != Timeout.InfiniteTimeSpan && (MaxLifetime < TimeSpan.FromMinutes(1) || MaxLifetime > TimeSpan.FromDays(366)))
        {
            faults.Add(property, $"has a longest lifetime of {MaxLifetime}; it must be 1 min to 366 days or Timeout.InfiniteTimeSpan.");
        }

        if (string.IsNullOrEmpty(NameClaim) || string.IsNullOrEmpty(RolesClaim))
        {
            faults.Add(property, "needs the names of the claims for the caller and its roles.");
        }

        if (AllowedRoles is null || Roles is null || AllowedRoles.Concat(Roles).Any(string.IsNullOrEmpty))
        {
            faults.Add(property, "has roles that are null or empty.");
        }
    }
}
