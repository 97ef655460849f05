using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Net.Security;

/// <summary>Finds out who calls, alike for gRPC, HTTP and raw streams. Immutable but for what it remembers; safe for use by many threads.</summary>
/// <remarks>
/// A bearer credential decides when there is one: when it is bad the caller is refused, and its certificate is not asked, as the caller meant to be somebody else. Without one the
/// certificate decides; without that, <see cref="AuthenticationOptions.AllowAnonymous"/>.
/// </remarks>
public sealed class Authenticator
{
    private const string Scheme = "Bearer";

    private readonly AuthenticationOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly TokenValidator _tokens;
    private readonly CertificateMapper _mapper;
    private readonly FailureThrottle _throttle;
    private readonly TwoGenerationCache<CredentialDigest, Remembered>? _remembered;
    private readonly ConditionalWeakTable<X509Certificate2, CertificateFacts> _certificates = [];

    /// <summary>Makes an authenticator.</summary>
    /// <param name="options">How callers prove who they are.</param>
    /// <param name="timeProvider">Tells what has expired.</param>
    /// <exception cref="ArgumentException">The options are faulty; the message lists every fault.</exception>
    public Authenticator(AuthenticationOptions options, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        var faults = new OptionFaults(nameof(AccessOptions));
        options.Validate(faults);
        faults.ThrowIfAny();
        _options = options;
        _timeProvider = timeProvider;
        _tokens = new TokenValidator(options.Tokens);
        _mapper = new CertificateMapper(options.Certificates);
        _throttle = new FailureThrottle(options.Throttle, timeProvider);
        _remembered = options.MaxRemembered > 0 ? new(options.MaxRemembered) : null;
    }

    /// <summary>Finds out who calls.</summary>
    /// <param name="credentials">What the caller showed.</param>
    /// <returns>The principal, or why there is none.</returns>
    public AuthenticationResult Authenticate(in CallerCredentials credentials) => Authenticate(credentials, isRecheck: false);

    /// <summary>Finds out who calls, or whether a caller that was let in is still who it was: then nothing is throttled, and a failure is no failed login.</summary>
    internal AuthenticationResult Authenticate(in CallerCredentials credentials, bool isRecheck)
    {
        AuthenticationResult result = Examine(credentials, isRecheck, out string? keyId);
        bool isLogin = credentials.Authorization is not null || credentials.HasSeveralAuthorizations;
        return isRecheck || !isLogin || result.Failure is AuthenticationFailure.None or AuthenticationFailure.Throttled
            ? result
            : result with { HasReachedThrottle = _throttle.Fail(credentials.Source, keyId) };
    }

    private AuthenticationResult Examine(in CallerCredentials credentials, bool isRecheck, out string? keyId)
    {
        keyId = null;
        if (credentials.HasSeveralAuthorizations)
        {
            return new(null, AuthenticationFailure.Malformed, "The authorization stands more than once.");
        }

        if (credentials.Authorization is { } authorization)
        {
            return AuthenticateBearer(authorization, credentials, isRecheck, out keyId);
        }

        if (credentials.Certificate is { } certificate)
        {
            return AuthenticateCertificate(certificate);
        }

        return _options.AllowAnonymous
            ? new(Principal.Anonymous, AuthenticationFailure.None, "")
            : new(null, AuthenticationFailure.MissingCredentials, "The caller showed neither a certificate nor a bearer credential.");
    }

    private AuthenticationResult AuthenticateCertificate(X509Certificate2 certificate)
    {
        CertificateFacts facts = _certificates.GetValue(certificate, static _ => new CertificateFacts());
        DateTimeOffset now = _timeProvider.GetUtcNow();
        bool isFresh = !facts.IsMapped;
        if (isFresh)
        {
            facts.Principal = _mapper.Map(certificate, now);
            facts.IsMapped = true;
        }

        if (facts.Principal is not { } principal)
        {
            return _options.AllowAnonymous && _options.Certificates.Count == 0
                ? new(Principal.Anonymous, AuthenticationFailure.None, "")
                : new(null, AuthenticationFailure.UnmappedCertificate, "No rule says who the holder of the certificate is.");
        }

        return principal.IsExpired(now)
            ? new(null, AuthenticationFailure.Expired, "The certificate has expired.")
            : new(principal, AuthenticationFailure.None, "") { IsFresh = isFresh };
    }

    private AuthenticationResult AuthenticateBearer(string authorization, in CallerCredentials credentials, bool isRecheck, out string? keyId)
    {
        keyId = null;
        ReadOnlySpan<char> credential = CredentialOf(authorization);
        if (credential.IsEmpty)
        {
            return new(null, AuthenticationFailure.Malformed, "The authorization is not \"Bearer\" and one credential.");
        }

        // Before it is hashed: the caller chose its length.
        if (credential.Length > _options.Tokens.MaxBytes)
        {
            return new(null, AuthenticationFailure.TooLarge, "The credential is over TokenOptions.MaxBytes.");
        }

        DateTimeOffset now = _timeProvider.GetUtcNow();
        CredentialDigest digest = default;
        if (_remembered is not null)
        {
            digest = CredentialDigest.Of(credential);
            if (_remembered.TryGet(digest, out Remembered? known))
            {
                if (known.IsStillGood(now, _options))
                {
                    // Also where logins are throttled: it is no guess, and its holder shall not suffer for its neighbours.
                    return CheckBinding(known.Principal, known.BoundTo, credentials, isFresh: false);
                }

                _remembered.Remove(digest);
            }
        }

        keyId = ApiKey.HasForm(credential) ? credential.Slice(ApiKey.Prefix.Length, ApiKey.IdLength).ToString() : null;
        if (!isRecheck && !_throttle.MayTry(credentials.Source, keyId, out TimeSpan retryAfter))
        {
            return new(null, AuthenticationFailure.Throttled, "Too many logins failed from there or with this key.") { RetryAfter = retryAfter };
        }

        return keyId is not null
            ? AuthenticateKey(credential, digest, now)
            : AuthenticateToken(credential, digest, credentials, now);
    }

    private AuthenticationResult AuthenticateKey(ReadOnlySpan<char> credential, CredentialDigest digest, DateTimeOffset now)
    {
        if (_options.ApiKeys?.Current is not { } keys)
        {
            return new(null, AuthenticationFailure.UnknownApiKey, "No API keys are taken here.");
        }

        AuthenticationFailure failure = keys.Check(credential, now, out Principal? principal);
        if (failure != AuthenticationFailure.None)
        {
            return new(null, failure, "There is no such API key, its secret is another, or it is not valid now.");
        }

        _remembered?.Set(digest, new Remembered(principal!, null, keys, now + _options.RememberFor));
        return new(principal, AuthenticationFailure.None, "") { IsFresh = true };
    }

    private AuthenticationResult AuthenticateToken(ReadOnlySpan<char> credential, CredentialDigest digest, in CallerCredentials credentials, DateTimeOffset now)
    {
        TokenVerdict verdict = _tokens.Validate(credential, now);
        if (verdict.Failure != AuthenticationFailure.None)
        {
            return new(null, verdict.Failure, verdict.Detail);
        }

        AuthenticationResult result = CheckBinding(verdict.Principal!, verdict.BoundTo, credentials, isFresh: true);
        if (result.Failure == AuthenticationFailure.None)
        {
            _remembered?.Set(digest, new Remembered(verdict.Principal!, verdict.BoundTo, verdict.Keys!, now + _options.RememberFor) { Issuer = verdict.Issuer });
        }

        return result;
    }

    /// <summary>A token that is bound to a certificate is worth nothing without it (RFC 8705, section 3), remembered or not.</summary>
    private AuthenticationResult CheckBinding(Principal principal, string? boundTo, in CallerCredentials credentials, bool isFresh)
    {
        if (boundTo is not null && (credentials.Certificate is not { } certificate || !IsThumbprint(certificate, boundTo)))
        {
            return new(null, AuthenticationFailure.BindingMismatch, "The token is bound to another certificate than the caller's.");
        }

        return new(principal, AuthenticationFailure.None, "") { IsFresh = isFresh };
    }

    private bool IsThumbprint(X509Certificate2 certificate, string expected)
    {
        CertificateFacts facts = _certificates.GetValue(certificate, static _ => new CertificateFacts());
        string actual = facts.Thumbprint ??= CertificateMapper.ThumbprintOf(certificate);
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(actual), Encoding.UTF8.GetBytes(expected));
    }

    /// <summary>Takes the scheme off (RFC 6750, section 2.1; the scheme's case means nothing, RFC 9110, section 11.1).</summary>
    /// <returns>Empty when it is no bearer credential.</returns>
    private static ReadOnlySpan<char> CredentialOf(string authorization)
    {
        ReadOnlySpan<char> rest = authorization;
        if (rest.Length <= Scheme.Length + 1 || !rest.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || rest[Scheme.Length] != ' ')
        {
            return [];
        }

        rest = rest[(Scheme.Length + 1)..];
        return rest.ContainsAny(" \t,") ? [] : rest;
    }

    private sealed class CertificateFacts
    {
        internal Principal? Principal { get; set; }

        internal volatile bool IsMapped;

        internal string? Thumbprint { get; set; }
    }

    private sealed record Remembered(Principal Principal, string? BoundTo, object CheckedWith, DateTimeOffset Until)
    {
        internal TokenIssuer? Issuer { get; init; }

        /// <summary>Whether it is neither too old, nor expired, nor checked with keys that are no longer in place.</summary>
        internal bool IsStillGood(DateTimeOffset now, AuthenticationOptions options) =>
            now < Until && !Principal.IsExpired(now) &&
            ReferenceEquals(CheckedWith, Issuer is null ? options.ApiKeys?.Current : Issuer.Keys.Current);
    }
}
