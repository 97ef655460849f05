namespace Net.Security;

/// <summary>Why a caller is not known. Written to the audit; the caller itself is told no more than that its credentials are not accepted.</summary>
public enum AuthenticationFailure
{
    /// <summary>It is known.</summary>
    None = 0,

    /// <summary>It showed nothing, and callers must show something.</summary>
    MissingCredentials,

    /// <summary>What it showed has not the form of a credential, or it showed several.</summary>
    Malformed,

    /// <summary>The token is longer than <see cref="TokenOptions.MaxBytes"/>.</summary>
    TooLarge,

    /// <summary>The token's header asks for what is never done: keys that it brings itself, extensions that must be understood, encryption.</summary>
    ForbiddenHeader,

    /// <summary>The token names an algorithm that is none, or "none".</summary>
    UnsupportedAlgorithm,

    /// <summary>The token is of a type that its issuer does not give for this use.</summary>
    WrongType,

    /// <summary>Nobody here takes tokens of this issuer.</summary>
    UnknownIssuer,

    /// <summary>The issuer has no such key, or not for this algorithm.</summary>
    UnknownKey,

    /// <summary>The signature does not fit.</summary>
    BadSignature,

    /// <summary>The credential has expired.</summary>
    Expired,

    /// <summary>The credential is not valid yet, or was issued in the future.</summary>
    NotYetValid,

    /// <summary>The token is for another service.</summary>
    WrongAudience,

    /// <summary>A claim is missing or not of the form that it must have.</summary>
    BadClaims,

    /// <summary>The token is bound to another certificate than the caller's, or in a way that cannot be checked, or not at all though it must be.</summary>
    BindingMismatch,

    /// <summary>No rule says who the holder of this certificate is.</summary>
    UnmappedCertificate,

    /// <summary>There is no such API key, or its secret is another.</summary>
    UnknownApiKey,

    /// <summary>Too many failures came from there; the credential was not looked at.</summary>
    Throttled,
}
