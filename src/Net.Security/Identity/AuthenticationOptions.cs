namespace Net.Security;

/// <summary>How callers prove who they are.</summary>
public sealed record AuthenticationOptions
{
    /// <summary>Whether a caller that shows nothing is let in as <see cref="Principal.Anonymous"/>, to do what everyone may. Default <c>false</c>. A caller that shows something bad is refused either way.</summary>
    /// <remarks>For servers with a public part; give the role <c>everyone</c> just that part.</remarks>
    public bool AllowAnonymous { get; init; }

    /// <summary>Who the holders of client certificates are, in order; the first rule that matches decides. Default none: a certificate names nobody.</summary>
    /// <remarks>Put narrow rules before wide ones. Prefer SAN or SPIFFE id to the subject, which authorities check less.</remarks>
    public IReadOnlyList<CertificateRule> Certificates { get; init; } = [];

    /// <summary>Which tokens are taken. Default none.</summary>
    /// <remarks>Name each issuer with its keys and its audience; see <see cref="TokenIssuer"/>.</remarks>
    public TokenOptions Tokens { get; init; } = new();

    /// <summary>Which API keys are taken. Default <c>null</c>: none.</summary>
    /// <remarks>For callers that can hold neither certificate nor token; give each its own, with an end.</remarks>
    public ApiKeySource? ApiKeys { get; init; }

    /// <summary>How many failed logins are taken. Default: the limits of <see cref="FailureThrottleOptions"/>.</summary>
    /// <remarks>The defaults slow guessing down to nothing useful; change them for callers behind one address.</remarks>
    public FailureThrottleOptions Throttle { get; init; } = new();

    /// <summary>How many checked credentials are remembered, so that each call need not check a signature. Default 10,000; range 0 (none) to 10^6.</summary>
    /// <remarks>Above the credentials in use at once; 0 checks each signature anew.</remarks>
    public int MaxRemembered { get; init; } = 10_000;

    /// <summary>How long a checked credential is remembered at most; never longer than it is valid, nor than the keys that it was checked with are in place. Default 5 min; range 1 s to 1 h.</summary>
    /// <remarks>A revoked key of an issuer or an API key ends at once all the same; longer only saves signatures.</remarks>
    public TimeSpan RememberFor { get; init; } = TimeSpan.FromMinutes(5);

    internal void Validate(OptionFaults faults)
    {
        faults.Range("Authentication.MaxRemembered", MaxRemembered, 0, 1_000_000);
        faults.Range("Authentication.RememberFor", RememberFor, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        if (Certificates is null || Tokens is null || Throttle is null)
        {
            faults.Add("Authentication", "has a part that is null.");
            return;
        }

        for (int i = 0; i < Certificates.Count; i++)
        {
            Certificates[i].Validate(faults, $"Authentication.Certificates[{i}]");
        }

        Tokens.Validate(faults);
        Throttle.Validate(faults);
        if (Certificates.Count == 0 && Tokens.Issuers.Count == 0 && ApiKeys is null && !AllowAnonymous)
        {
            faults.Add("Authentication", "takes neither certificates, tokens nor API keys, and no anonymous callers: nobody could call.");
        }
    }
}
