namespace Net.Security;

/// <summary>Who may call, what they may do, and how much.</summary>
public sealed record AccessOptions
{
    /// <summary>How callers prove who they are.</summary>
    /// <remarks>At least one way to prove who one is, or callers without a name: with none the options are refused.</remarks>
    public required AuthenticationOptions Authentication { get; init; }

    /// <summary>Who may do what. Default: the built-in roles, <see cref="AuthorizationOptions.BuiltIn"/>.</summary>
    /// <remarks>The roles of the default suit AQL and gRPC; name roles of your own where callers should do less.</remarks>
    public AuthorizationOptions Authorization { get; init; } = new();

    /// <summary>How much callers may ask for. Default: the limits of <see cref="AdmissionOptions"/>.</summary>
    /// <remarks>The defaults bound each caller by itself; set <see cref="AdmissionOptions.GlobalRate"/> to what the machine can bear.</remarks>
    public AdmissionOptions Admission { get; init; } = new();

    /// <summary>
    /// How often the credential and the rights of a call that goes on are checked anew, so that what was revoked ends. Default 5 s; range 100 ms to 10 min. Whether the credential has expired
    /// is looked at with every message and query.
    /// </summary>
    /// <remarks>It is how long a revoked right can live on in a call that is running. Lower it where that matters more than the checks cost.</remarks>
    public TimeSpan RecheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(AccessOptions));
        faults.Range(nameof(RecheckInterval), RecheckInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        if (Authentication is null || Authorization is null || Admission is null)
        {
            faults.Add(nameof(Authentication), $", {nameof(Authorization)} or {nameof(Admission)} is null.");
        }
        else
        {
            Authentication.Validate(faults);
            Admission.Validate(faults);
            CheckRoles(new AccessPolicy(Authorization).Roles, faults);
        }

        faults.ThrowIfAny();
    }

    // A misspelt role would take rights away, or a prohibition, without a word.
    private void CheckRoles(IReadOnlyList<string> known, OptionFaults faults)
    {
        IEnumerable<string> named = Authentication.Certificates.SelectMany(static rule => rule.Roles)
            .Concat(Authentication.Tokens.Issuers.SelectMany(static issuer => issuer.Roles.Concat(issuer.AllowedRoles)));
        foreach (string role in named.Distinct(StringComparer.Ordinal).Where(role => !known.Contains(role, StringComparer.Ordinal)))
        {
            faults.Add("Authentication", $"gives the role '{PlainText.Clean(role)}', which is none; there are {string.Join(", ", known)}.");
        }
    }
}
