using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Net.Security;

namespace Net.Perf.Access;

/// <summary>Callers of each kind, and gates that know them.</summary>
internal sealed class AccessField : IDisposable
{
    private const string Issuer = "https://issuer.example";
    // Where one key lies in a table, and so how long it is looked for, is chance; that of many is the same on both sides.
    private const int KeysOfAKind = 256;
    private const string Audience = "https://service.example";

    private readonly byte[] _pepper = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ApiKey _key = ApiKey.Create();
    private readonly ApiKey[] _wrong = [.. Enumerable.Range(0, KeysOfAKind).Select(static _ => ApiKey.Create())];
    private readonly Subjects.Certificates _certificates = new();

    /// <summary>A caller with a certificate alone.</summary>
    internal CallerCredentials Certificate => new() { Certificate = _certificates.Client, Source = IPAddress.Loopback };

    /// <summary>A caller with an API key.</summary>
    internal CallerCredentials Key => Bearer(_key.Text);

    /// <summary>Callers with keys whose ids the server has, and whose secrets are others.</summary>
    internal CallerCredentials[] MakeWrongSecrets() => [.. _wrong.Select(static key => Bearer(key.Text))];

    /// <summary>Callers with keys whose ids the server does not have; others with each call.</summary>
    internal static CallerCredentials[] MakeUnknownKeys() => [.. Enumerable.Range(0, KeysOfAKind).Select(static _ => Bearer(ApiKey.Create().Text))];

    /// <summary>A caller with a token.</summary>
    /// <param name="algorithm">HS256, RS256 or ES256.</param>
    internal CallerCredentials Token(string algorithm)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string header = $$"""{"alg":"{{algorithm}}","typ":"at+jwt","kid":"{{algorithm}}"}""";
        string claims = $$"""{"iss":"{{Issuer}}","aud":"{{Audience}}","sub":"alice","iat":{{now}},"exp":{{now + 3600}},"roles":["user"],"jti":"0123456789abcdef"}""";
        string body = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        byte[] bytes = Encoding.ASCII.GetBytes(body);
        byte[] signature = algorithm switch
        {
            "HS256" => HMACSHA256.HashData(_secret, bytes),
            "RS256" => _rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => _ec.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
        };
        return Bearer($"{body}.{Encode(signature)}");
    }

    /// <summary>Makes a gate.</summary>
    /// <param name="remembers">Whether it remembers credentials that it has checked.</param>
    internal AccessGate CreateGate(bool remembers) => new(
        new AccessOptions
        {
            Authentication = CreateOptions(remembers),
            Authorization = new AuthorizationOptions
            {
                Roles = new Dictionary<string, RoleOptions> { ["perf"] = new() { Inherits = ["user"], Deny = ["aql:*:secret*"] } },
            },
            Admission = new AdmissionOptions { RatePerPrincipal = 1_000_000, BurstPerPrincipal = 1_000_000 },
        },
        TimeProvider.System);

    /// <summary>How the callers are known.</summary>
    internal AuthenticationOptions CreateOptions(bool remembers) => new()
    {
        Certificates = [new CertificateRule(CertificateField.Subject, _certificates.Client.SubjectName.Name) { Name = "perf", Roles = ["perf"] }],
        Tokens = new TokenOptions
        {
            Issuers =
            [
                new TokenIssuer
                {
                    Issuer = Issuer, Audiences = [Audience], AllowedRoles = ["user"],
                    Keys = TokenKeySource.FromKeys(TokenKey.FromSecret("HS256", _secret, TokenAlgorithm.HS256), TokenKey.FromRsa("RS256", _rsa, TokenAlgorithm.RS256), TokenKey.FromEcdsa("ES256", _ec)),
                },
            ],
        },
        ApiKeys = ApiKeySource.FromKeys(new ApiKeySet(
            [Entry(_key.Id, _key), .. _wrong.Select(wrong => Entry(wrong.Id, ApiKey.Create()))], _pepper)),
        Throttle = new FailureThrottleOptions { MaxFailuresPerSource = 1_000_000, MaxFailuresPerKey = 1_000_000, Recovery = TimeSpan.FromMilliseconds(1) },
        MaxRemembered = remembers ? 10_000 : 0,
    };

    public void Dispose()
    {
        _certificates.Dispose();
        _rsa.Dispose();
        _ec.Dispose();
    }

    private ApiKeyEntry Entry(string id, ApiKey hashed) => new()
    {
        Id = id, Hash = ApiKeySet.HashOf(hashed, _pepper), Name = "perf", Roles = ["perf"], Expires = TimeProvider.System.GetUtcNow().AddDays(1),
    };

    private static CallerCredentials Bearer(string credential) => new() { Authorization = "Bearer " + credential, Source = IPAddress.Loopback };

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
