using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Tokens;

/// <summary>An authenticator that takes tokens of one issuer, under a clock that the test moves.</summary>
internal sealed class TokenFixture
{
    internal TokenFixture(Func<TokenIssuer, TokenIssuer>? change = null, params TokenKey[] keys)
    {
        var issuer = new TokenIssuer
        {
            Issuer = TokenMaker.Issuer,
            Audiences = [TokenMaker.Audience],
            Keys = TokenKeySource.FromKeys(keys.Length > 0 ? keys : [TokenKey.FromRsa("rsa", TokenMaker.Rsa, TokenAlgorithm.RS256), TokenKey.FromEcdsa("ec", TokenMaker.P256)]),
            AllowedRoles = ["user"],
        };
        Authenticator = new Authenticator(
            new AuthenticationOptions { Tokens = new TokenOptions { Issuers = [change?.Invoke(issuer) ?? issuer] }, Throttle = new FailureThrottleOptions { MaxFailuresPerSource = 1_000_000 } }, Time);
    }

    internal ManualTimeProvider Time { get; } = new();

    internal Authenticator Authenticator { get; }

    internal DateTimeOffset Now => Time.GetUtcNow();

    internal AuthenticationResult Check(string token) => Authenticator.Authenticate(new CallerCredentials { Authorization = "Bearer " + token });
}
