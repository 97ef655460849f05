using System.Text.Json;

namespace Net.Security;

/// <summary>Checks the claims of a token whose signature fits.</summary>
internal static class ClaimCheck
{
    private const int MaxNameLength = 256;
    private const string Confirmation = "cnf";
    private const string CertificateThumbprint = "x5t#S256";

    internal static TokenVerdict Run(TokenClaims claims, TokenIssuer issuer, DateTimeOffset now)
    {
        if (!claims.TryGetTime("exp", out DateTimeOffset? expires) || !claims.TryGetTime("nbf", out DateTimeOffset? begins) || !claims.TryGetTime("iat", out DateTimeOffset? issued))
        {
            return Bad("\"exp\", \"nbf\" or \"iat\" is no time");
        }

        if (expires is not DateTimeOffset end)
        {
            return Bad("it has no \"exp\", so it would hold for ever");
        }

        DateTimeOffset until = end > DateTimeOffset.MaxValue - issuer.Leeway ? DateTimeOffset.MaxValue : end + issuer.Leeway;
        if (now >= until)
        {
            return new(AuthenticationFailure.Expired, "It has expired (\"exp\").");
        }

        if (begins > now + issuer.Leeway || issued > now + issuer.Leeway)
        {
            return new(AuthenticationFailure.NotYetValid, "It is not valid yet (\"nbf\", \"iat\").");
        }

        if (issuer.MaxLifetime != Timeout.InfiniteTimeSpan && (issued is null || end - issued > issuer.MaxLifetime))
        {
            return Bad("it lives longer than TokenIssuer.MaxLifetime, or has no \"iat\" to tell");
        }

        if (!claims.HoldsAny("aud", issuer.Audiences))
        {
            return new(AuthenticationFailure.WrongAudience, "Its audience (\"aud\") is another.");
        }

        if (claims.GetText(issuer.NameClaim) is not { Length: > 0 and <= MaxNameLength } name || PlainText.IsUnsafe(name))
        {
            return Bad("it names no caller (TokenIssuer.NameClaim), or not with plain text of at most 256 characters");
        }

        if (!TryGetBinding(claims, out string? thumbprint) || (thumbprint is null && issuer.RequireCertificateBinding))
        {
            return new(AuthenticationFailure.BindingMismatch, "It is bound to a key in a way that cannot be checked here, or not bound though it must be (\"cnf\").");
        }

        IEnumerable<string> roles = claims.GetTexts(issuer.RolesClaim).Where(role => issuer.AllowedRoles.Contains(role, StringComparer.Ordinal)).Concat(issuer.Roles);
        var principal = new Principal(PrincipalKind.Token, $"{issuer.Issuer}|{name}", roles)
        {
            Claims = claims.ToDictionary(),
            AuthenticatedAt = now,
            ExpiresAt = until,
            CertificateThumbprint = thumbprint,
        };
        return new(AuthenticationFailure.None, "", principal, thumbprint);
    }

    /// <summary>Reads what the token is bound to (RFC 7800, section 3.1). A binding of another kind must not be overlooked: the token's holder counts on it.</summary>
    private static bool TryGetBinding(TokenClaims claims, out string? thumbprint)
    {
        thumbprint = null;
        if (!claims.Root.TryGetProperty(Confirmation, out JsonElement confirmation))
        {
            return true;
        }

        if (confirmation.ValueKind != JsonValueKind.Object || !confirmation.TryGetProperty(CertificateThumbprint, out JsonElement value) || value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        foreach (JsonProperty member in confirmation.EnumerateObject())
        {
            if (!member.NameEquals(CertificateThumbprint))
            {
                return false;
            }
        }

        // 32 bytes in base64url.
        thumbprint = value.GetString();
        return thumbprint!.Length == 43;
    }

    private static TokenVerdict Bad(string fault) => new(AuthenticationFailure.BadClaims, $"Its claims are refused: {fault}.");
}
