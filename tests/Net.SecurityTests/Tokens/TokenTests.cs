using System.Security.Cryptography;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Tokens;

/// <summary>Tokens that are taken, and what becomes of them.</summary>
[TestClass]
public sealed class TokenTests
{
    [TestMethod]
    [DataRow("HS256")]
    [DataRow("HS384")]
    [DataRow("HS512")]
    [DataRow("RS256")]
    [DataRow("RS384")]
    [DataRow("RS512")]
    [DataRow("PS256")]
    [DataRow("PS384")]
    [DataRow("PS512")]
    [DataRow("ES256")]
    [DataRow("ES384")]
    [DataRow("ES512")]
    public void Authenticate_EachAlgorithm_IsTakenWithItsKeyAlone(string name)
    {
        TokenAlgorithm algorithm = Enum.Parse<TokenAlgorithm>(name);
        TokenKey key = name[..2] switch
        {
            "HS" => TokenKey.FromSecret("k", TokenMaker.Secret, algorithm),
            "ES" => TokenKey.FromEcdsa("k", name switch { "ES256" => TokenMaker.P256, "ES384" => TokenMaker.P384, _ => TokenMaker.P521 }),
            _ => TokenKey.FromRsa("k", TokenMaker.Rsa, algorithm),
        };
        var fixture = new TokenFixture(keys: key);
        string token = TokenMaker.Sign(name, TokenMaker.Claims(fixture.Now), "\"kid\":\"k\"");

        Assert.AreEqual(AuthenticationFailure.None, fixture.Check(token).Failure);
        foreach (string other in Enum.GetNames<TokenAlgorithm>().Where(other => other != name))
        {
            Assert.AreEqual(AuthenticationFailure.UnknownKey, fixture.Check(TokenMaker.Sign(other, TokenMaker.Claims(fixture.Now), "\"kid\":\"k\"")).Failure, other);
        }
    }

    [TestMethod]
    public void Authenticate_GoodToken_SaysWhoCalls()
    {
        var fixture = new TokenFixture();
        string token = TokenMaker.Sign("RS256", TokenMaker.Claims(fixture.Now, "\"roles\":[\"user\",\"admin\"],\"dept\":\"x\",\"level\":3"), "\"kid\":\"rsa\"");

        Principal principal = fixture.Check(token).Principal!;

        Assert.AreEqual($"token:{TokenMaker.Issuer}|alice", principal.Id);
        Assert.AreEqual(PrincipalKind.Token, principal.Kind);
        Assert.AreEqual("user", string.Join(' ', principal.Roles), "The issuer may not give the role admin.");
        Assert.AreEqual("x", principal.Claims["dept"][0]);
        Assert.AreEqual("3", principal.Claims["level"][0]);
        Assert.AreEqual(fixture.Now, principal.AuthenticatedAt);
        Assert.AreEqual(fixture.Now.AddSeconds(360), principal.ExpiresAt, "300 s and the leeway.");
    }

    [TestMethod]
    public void Authenticate_TokenRemembered_IsRefusedWhenItExpires()
    {
        var fixture = new TokenFixture();
        string token = TokenMaker.Sign("RS256", TokenMaker.Claims(fixture.Now), "\"kid\":\"rsa\"");
        Assert.IsTrue(fixture.Check(token).IsFresh);
        Assert.IsFalse(fixture.Check(token).IsFresh);

        fixture.Time.Advance(TimeSpan.FromSeconds(359));
        Assert.AreEqual(AuthenticationFailure.None, fixture.Check(token).Failure);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(AuthenticationFailure.Expired, fixture.Check(token).Failure);
    }

    [TestMethod]
    public void Authenticate_KeyTakenOutOfItsFile_EndsTokensThatAreRemembered()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("keys.json", Jwks(("a", TokenMaker.P256), ("b", TokenMaker.P256)));
        var time = new ManualTimeProvider();
        using var watched = new WatchedFile<TokenKeySet>(file, TokenKeySource.Parse, time);
        var fixture = new TokenFixture(issuer => issuer with { Keys = TokenKeySource.FromFile(watched) });
        string oldToken = TokenMaker.Sign("ES256", TokenMaker.Claims(fixture.Now), "\"kid\":\"a\"");
        Assert.AreEqual(AuthenticationFailure.None, fixture.Check(oldToken).Failure);
        string newToken = TokenMaker.Sign("ES256", TokenMaker.Claims(fixture.Now), "\"kid\":\"c\"");
        Assert.AreEqual(AuthenticationFailure.UnknownKey, fixture.Check(newToken).Failure);

        folder.Write("keys.json", Jwks(("b", TokenMaker.P256), ("c", TokenMaker.P256)));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(AuthenticationFailure.UnknownKey, fixture.Check(oldToken).Failure);
        Assert.AreEqual(AuthenticationFailure.None, fixture.Check(newToken).Failure);
    }

    [TestMethod]
    public void Authenticate_BoundToken_NeedsItsCertificateEachTime()
    {
        var fixture = new TokenFixture();
        var certificate = TestCertificates.Shared.Client.Certificate;
        string thumbprint = TokenMaker.Encode(certificate.GetCertHash(HashAlgorithmName.SHA256));
        string token = "Bearer " + TokenMaker.Sign("RS256", TokenMaker.Claims(fixture.Now, $"\"cnf\":{{\"x5t#S256\":\"{thumbprint}\"}}"), "\"kid\":\"rsa\"");

        AuthenticationResult right = fixture.Authenticator.Authenticate(new CallerCredentials { Authorization = token, Certificate = certificate });
        AuthenticationResult without = fixture.Authenticator.Authenticate(new CallerCredentials { Authorization = token });
        AuthenticationResult other = fixture.Authenticator.Authenticate(new CallerCredentials { Authorization = token, Certificate = TestCertificates.Shared.Server.Certificate });

        Assert.AreEqual(thumbprint, right.Principal!.CertificateThumbprint);
        Assert.AreEqual(AuthenticationFailure.BindingMismatch, without.Failure);
        Assert.AreEqual(AuthenticationFailure.BindingMismatch, other.Failure);
    }

    [TestMethod]
    public void Authenticate_UnboundTokenWhereBindingIsRequired_IsRefused()
    {
        var fixture = new TokenFixture(issuer => issuer with { RequireCertificateBinding = true });

        Assert.AreEqual(AuthenticationFailure.BindingMismatch, fixture.Check(TokenMaker.Sign("RS256", TokenMaker.Claims(fixture.Now), "\"kid\":\"rsa\"")).Failure);
    }

    [TestMethod]
    public void Authenticate_NoKid_IsTakenWhereOneKeyAloneIsForItsAlgorithm()
    {
        var one = new TokenFixture();
        var two = new TokenFixture(keys: [TokenKey.FromRsa("a", TokenMaker.Rsa), TokenKey.FromRsa("b", TokenMaker.OtherRsa)]);
        string token = TokenMaker.Sign("RS256", TokenMaker.Claims(one.Now));

        Assert.AreEqual(AuthenticationFailure.None, one.Check(token).Failure);
        Assert.AreEqual(AuthenticationFailure.UnknownKey, two.Check(token).Failure);
    }

    [TestMethod]
    [DataRow("Basic YTpi")]
    [DataRow("Bearer")]
    [DataRow("Bearer ")]
    [DataRow("Bearer  x")]
    [DataRow("Bearer x y")]
    [DataRow("Bearer a.b.c, Bearer d.e.f")]
    [DataRow("")]
    public void Authenticate_AuthorizationThatIsNoBearer_IsRefusedWhateverTheCertificate(string authorization)
    {
        var fixture = new TokenFixture();

        AuthenticationResult result = fixture.Authenticator.Authenticate(
            new CallerCredentials { Authorization = authorization, Certificate = TestCertificates.Shared.Client.Certificate });

        Assert.AreEqual(AuthenticationFailure.Malformed, result.Failure);
    }

    [TestMethod]
    public void Keys_ThatAreTooWeakOrOfTheWrongKind_AreRefusedWithTheReason()
    {
        using RSA small = RSA.Create(1024);
        string privateJwk = $$"""{"kty":"EC","crv":"P-256","x":"{{TokenMaker.Encode(new byte[32])}}","y":"{{TokenMaker.Encode(new byte[32])}}","d":"AA"}""";
        string offCurve = $$"""{"kty":"EC","crv":"P-256","x":"{{TokenMaker.Encode(Fill(1))}}","y":"{{TokenMaker.Encode(Fill(2))}}"}""";
        foreach ((Action make, string reason) in new (Action, string)[]
        {
            (() => TokenKey.FromRsa("k", small), "1024 bits"),
            (() => TokenKey.FromSecret("k", new byte[31], TokenAlgorithm.HS256), "31 bytes"),
            (() => TokenKey.FromSecret("k", new byte[32], TokenAlgorithm.HS384), "48"),
            (() => TokenKey.FromSecret("k", new byte[64], TokenAlgorithm.RS256), "not for RS256"),
            (() => TokenKey.FromRsa("k", TokenMaker.Rsa, TokenAlgorithm.HS256), "not for HS256"),
            (() => TokenKey.FromPem("k", TokenMaker.Rsa.ExportPkcs8PrivateKeyPem()), "private key"),
            (() => TokenKeySet.FromJson(privateJwk), "private part"),
            (() => TokenKeySet.FromJson(offCurve), "Key 1"),
            (() => TokenKeySet.FromJson("""{"kty":"oct","k":"AAAA"}"""), "without \"alg\""),
            (() => TokenKeySet.FromJson("""{"keys":[]}"""), "0 keys"),
            (() => TokenKeySet.FromJson(Jwks(("a", TokenMaker.P256), ("a", TokenMaker.P384))), "the id 'a'"),
            (() => TokenKeySet.FromJson("nonsense"), "no JSON"),
        })
        {
            ArgumentException fault = Assert.ThrowsExactly<ArgumentException>(make, reason);
            StringAssert.Contains(fault.Message, reason);
        }
    }

    [TestMethod]
    public void Keys_FromPemAndCertificate_CheckTokens()
    {
        foreach (string pem in new[] { TokenMaker.P256.ExportSubjectPublicKeyInfoPem(), TokenMaker.Rsa.ExportSubjectPublicKeyInfoPem(), TokenMaker.Rsa.ExportRSAPublicKeyPem() })
        {
            var fixture = new TokenFixture(keys: TokenKey.FromPem(null, pem));
            string algorithm = pem.Length < 300 ? "ES256" : "RS256";

            Assert.AreEqual(AuthenticationFailure.None, fixture.Check(TokenMaker.Sign(algorithm, TokenMaker.Claims(fixture.Now))).Failure);
        }

        Assert.AreEqual(TokenAlgorithm.ES256, TokenKey.FromPem("c", TestCertificates.Shared.Client.Certificate.ExportCertificatePem()).Algorithms[0]);
    }

    private static byte[] Fill(byte value)
    {
        byte[] bytes = new byte[32];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    internal static string Jwks(params (string Id, ECDsa Key)[] keys) => "{\"keys\":[" + string.Join(",", keys.Select(static key =>
    {
        ECParameters parameters = key.Key.ExportParameters(false);
        string curve = key.Key.KeySize switch { 256 => "P-256", 384 => "P-384", _ => "P-521" };
        return $$"""{"kty":"EC","crv":"{{curve}}","kid":"{{key.Id}}","use":"sig","x":"{{TokenMaker.Encode(parameters.Q.X)}}","y":"{{TokenMaker.Encode(parameters.Q.Y)}}"}""";
    })) + "]}";
}
