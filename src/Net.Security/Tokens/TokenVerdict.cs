namespace Net.Security;

/// <summary>What came of checking a token.</summary>
/// <param name="Failure">Why it is refused; <see cref="AuthenticationFailure.None"/>: it is good.</param>
/// <param name="Detail">More for the log: words of ours, never the token's.</param>
/// <param name="Principal">Who calls.</param>
/// <param name="BoundTo">The thumbprint of the certificate that the token is bound to, in base64url; <c>null</c>: it is not bound.</param>
/// <param name="Issuer">Whose token it is.</param>
/// <param name="Keys">The keys that it was checked with.</param>
internal readonly record struct TokenVerdict(
    AuthenticationFailure Failure, string Detail, Principal? Principal = null, string? BoundTo = null, TokenIssuer? Issuer = null, TokenKeySet? Keys = null);
