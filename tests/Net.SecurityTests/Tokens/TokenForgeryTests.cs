using System.Security.Cryptography;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;

namespace Net.SecurityTests.Tokens;

/// <summary>The attacks that RFC 8725 names, and more. Each token differs from a good one in one thing, so that it is refused for that and nothing else.</summary>
[TestClass]
public sealed class TokenForgeryTests
{
    private static readonly TokenFixture Fixture = new();

    private static DateTimeOffset Now => Fixture.Now;

    private static string Claims => TokenMaker.Claims(Now);

    private static long Seconds => Now.ToUnixTimeSeconds();

    public static IEnumerable<object[]> Forgeries =>
    [
        Row("alg none", () => TokenMaker.Unsigned("""{"alg":"none"}""", Claims) + ".", AuthenticationFailure.Malformed),
        Row("alg none with a signature", () => TokenMaker.SignWith("""{"alg":"none","kid":"rsa"}""", Claims, "RS256"), AuthenticationFailure.UnsupportedAlgorithm),
        Row("alg None", () => TokenMaker.SignWith("""{"alg":"None","kid":"rsa"}""", Claims, "RS256"), AuthenticationFailure.UnsupportedAlgorithm),
        Row("alg nOnE", () => TokenMaker.SignWith("""{"alg":"nOnE"}""", Claims, "RS256"), AuthenticationFailure.UnsupportedAlgorithm),
        Row("alg missing", () => TokenMaker.SignWith("""{"typ":"JWT","kid":"rsa"}""", Claims, "RS256"), AuthenticationFailure.UnsupportedAlgorithm),
        Row("alg a list", () => TokenMaker.SignWith("""{"alg":["RS256"],"kid":"rsa"}""", Claims, "RS256"), AuthenticationFailure.Malformed),
        Row("alg in lower case", () => TokenMaker.SignWith("""{"alg":"rs256","kid":"rsa"}""", Claims, "RS256"), AuthenticationFailure.UnsupportedAlgorithm),
        Row("alg that the key is not for", () => TokenMaker.SignWith(TokenMaker.Header("PS256", "\"kid\":\"rsa\""), Claims, "PS256"), AuthenticationFailure.UnknownKey),
        Row("RS256 taken for HS256 with the public key as the secret", RsaAsSecret, AuthenticationFailure.UnknownKey),
        Row("ES256 taken for HS256 with the public key as the secret", EcdsaAsSecret, AuthenticationFailure.UnknownKey),
        Row("another RSA key", () => Wrong(TokenMaker.OtherRsa), AuthenticationFailure.BadSignature),
        Row("kid of another kind of key", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"ec\""), AuthenticationFailure.UnknownKey),
        Row("kid a path", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"../../../../dev/null\""), AuthenticationFailure.UnknownKey),
        Row("kid SQL", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"x' UNION SELECT 'secret' --\""), AuthenticationFailure.UnknownKey),
        Row("kid unknown", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"other\""), AuthenticationFailure.UnknownKey),
        Row("kid in another case", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"RSA\""), AuthenticationFailure.UnknownKey),
        Row("kid a number", () => TokenMaker.Sign("RS256", Claims, "\"kid\":1"), AuthenticationFailure.Malformed),
        Row("kid empty", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"\""), AuthenticationFailure.UnknownKey),
        Row("jku", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\",\"jku\":\"https://evil.test/keys\""), AuthenticationFailure.ForbiddenHeader),
        Row("x5u", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\",\"x5u\":\"https://evil.test/cert\""), AuthenticationFailure.ForbiddenHeader),
        Row("jwk of the attacker", JwkInHeader, AuthenticationFailure.ForbiddenHeader),
        Row("x5c", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\",\"x5c\":[\"MIIB\"]"), AuthenticationFailure.ForbiddenHeader),
        Row("crit unknown", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\",\"crit\":[\"exp\"],\"exp\":1"), AuthenticationFailure.ForbiddenHeader),
        Row("crit b64 (RFC 7797)", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\",\"crit\":[\"b64\"],\"b64\":false"), AuthenticationFailure.ForbiddenHeader),
        Row("zip", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\",\"zip\":\"DEF\""), AuthenticationFailure.ForbiddenHeader),
        Row("cty JWT, a token in a token", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\",\"cty\":\"JWT\""), AuthenticationFailure.ForbiddenHeader),
        Row("five parts, as JWE has", () => TokenMaker.Sign("RS256", Claims, "\"kid\":\"rsa\"") + ".AAAA.AAAA", AuthenticationFailure.Malformed),
        Row("typ of another use", () => TokenMaker.SignWith("""{"alg":"RS256","kid":"rsa","typ":"logout+jwt"}""", Claims, "RS256"), AuthenticationFailure.WrongType),
        Row("signature empty", () => TokenMaker.Unsigned(TokenMaker.Header("RS256", "\"kid\":\"rsa\""), Claims) + ".", AuthenticationFailure.Malformed),
        Row("signature missing", () => TokenMaker.Unsigned(TokenMaker.Header("RS256", "\"kid\":\"rsa\""), Claims), AuthenticationFailure.Malformed),
        Row("signature of zeros, RSA", () => Signature(TokenMaker.Header("RS256", "\"kid\":\"rsa\""), new byte[256]), AuthenticationFailure.BadSignature),
        Row("ES256 r = s = 0", () => Signature(TokenMaker.Header("ES256", "\"kid\":\"ec\""), new byte[64]), AuthenticationFailure.BadSignature),
        Row("ES256 r = s = order", () => Signature(TokenMaker.Header("ES256", "\"kid\":\"ec\""), [.. Order(), .. Order()]), AuthenticationFailure.BadSignature),
        Row("ES256 in DER", DerSignature, AuthenticationFailure.BadSignature),
        Row("ES256 of a longer signature", () => Signature(TokenMaker.Header("ES256", "\"kid\":\"ec\""), new byte[96]), AuthenticationFailure.BadSignature),
        Row("claims changed after signing", ChangedClaims, AuthenticationFailure.BadSignature),
        Row("header changed after signing", ChangedHeader, AuthenticationFailure.BadSignature),
        Row("bits left over in the signature", LooseBits, AuthenticationFailure.Malformed),
        Row("padding", () => Good() + "==", AuthenticationFailure.Malformed),
        Row("a line break inside", () => Good().Insert(20, "\n"), AuthenticationFailure.Malformed),
        Row("base64 that is not base64url", () => Good().Insert(20, "+/"), AuthenticationFailure.Malformed),
        Row("exp passed", () => Rs(TokenMaker.Claims(Now.AddHours(-1), expires: Seconds - 61)), AuthenticationFailure.Expired),
        Row("exp missing", () => Rs($$"""{"iss":"{{TokenMaker.Issuer}}","aud":"{{TokenMaker.Audience}}","sub":"a","iat":{{Seconds}}}"""), AuthenticationFailure.BadClaims),
        Row("exp a text", () => Rs($$"""{"iss":"{{TokenMaker.Issuer}}","aud":"{{TokenMaker.Audience}}","sub":"a","iat":{{Seconds}},"exp":"9999999999"}"""), AuthenticationFailure.BadClaims),
        Row("exp beyond all time", () => Rs(TokenMaker.Claims(Now).Replace((Seconds + 300).ToString(System.Globalization.CultureInfo.InvariantCulture), "1e300", StringComparison.Ordinal)), AuthenticationFailure.BadClaims),
        Row("exp too far away", () => Rs(TokenMaker.Claims(Now, expires: Seconds + (86_400 * 365))), AuthenticationFailure.BadClaims),
        Row("exp negative", () => Rs(TokenMaker.Claims(Now, expires: -1)), AuthenticationFailure.BadClaims),
        Row("nbf to come", () => Rs(TokenMaker.Claims(Now, $"\"nbf\":{Seconds + 61}")), AuthenticationFailure.NotYetValid),
        Row("nbf a text", () => Rs(TokenMaker.Claims(Now, "\"nbf\":\"0\"")), AuthenticationFailure.BadClaims),
        Row("iat to come", () => Rs(TokenMaker.Claims(Now.AddMinutes(2))), AuthenticationFailure.NotYetValid),
        Row("iss of another", () => Rs(TokenMaker.Claims(Now, issuer: "https://evil.test")), AuthenticationFailure.UnknownIssuer),
        Row("iss with a slash more", () => Rs(TokenMaker.Claims(Now, issuer: TokenMaker.Issuer + "/")), AuthenticationFailure.UnknownIssuer),
        Row("iss a list", () => Rs(Claims.Replace($"\"iss\":\"{TokenMaker.Issuer}\"", $"\"iss\":[\"{TokenMaker.Issuer}\"]", StringComparison.Ordinal)), AuthenticationFailure.UnknownIssuer),
        Row("aud of another service", () => Rs(TokenMaker.Claims(Now, audience: "https://other.test")), AuthenticationFailure.WrongAudience),
        Row("aud missing", () => Rs($$"""{"iss":"{{TokenMaker.Issuer}}","sub":"a","iat":{{Seconds}},"exp":{{Seconds + 60}}}"""), AuthenticationFailure.WrongAudience),
        Row("aud with a number in its list", () => Rs(Claims.Replace($"\"aud\":\"{TokenMaker.Audience}\"", $"\"aud\":[\"{TokenMaker.Audience}\",1]", StringComparison.Ordinal)), AuthenticationFailure.WrongAudience),
        Row("sub missing", () => Rs($$"""{"iss":"{{TokenMaker.Issuer}}","aud":"{{TokenMaker.Audience}}","iat":{{Seconds}},"exp":{{Seconds + 60}}}"""), AuthenticationFailure.BadClaims),
        Row("sub with a line break", () => Rs(TokenMaker.Claims(Now, subject: "alice\\nadmin")), AuthenticationFailure.BadClaims),
        Row("sub with a mark that turns the text around", () => Rs(TokenMaker.Claims(Now, subject: "alice\\u202enimda")), AuthenticationFailure.BadClaims),
        Row("a claim twice", () => Rs(TokenMaker.Claims(Now, "\"sub\":\"admin\"")), AuthenticationFailure.Malformed),
        Row("a claim twice, once with an escape", () => Rs(TokenMaker.Claims(Now, "\"s\\u0075b\":\"admin\"")), AuthenticationFailure.Malformed),
        Row("a header member twice", () => TokenMaker.SignWith("""{"alg":"none","alg":"RS256","kid":"rsa"}""", Claims, "RS256"), AuthenticationFailure.Malformed),
        Row("a member of cnf twice", () => Rs(TokenMaker.Claims(Now, "\"cnf\":{\"jkt\":\"a\",\"jkt\":\"b\"}")), AuthenticationFailure.Malformed),
        Row("claims no object", () => Rs("[]"), AuthenticationFailure.Malformed),
        Row("claims nested deep", () => Rs(TokenMaker.Claims(Now, "\"x\":" + new string('[', 100) + new string(']', 100))), AuthenticationFailure.Malformed),
        Row("claims with a comment", () => Rs(TokenMaker.Claims(Now, "/* */\"x\":1")), AuthenticationFailure.Malformed),
        Row("claims that are no UTF-8", NoUtf8, AuthenticationFailure.Malformed),
        Row("cnf that cannot be checked", () => Rs(TokenMaker.Claims(Now, "\"cnf\":{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}")), AuthenticationFailure.BindingMismatch),
        Row("cnf of another certificate", () => Rs(TokenMaker.Claims(Now, $"\"cnf\":{{\"x5t#S256\":\"{new string('A', 43)}\"}}")), AuthenticationFailure.BindingMismatch),
        Row("1 MB", () => Rs(TokenMaker.Claims(Now, $"\"x\":\"{new string('a', 1 << 20)}\"")), AuthenticationFailure.TooLarge),
        Row("empty", () => "", AuthenticationFailure.Malformed),
        Row("two dots", () => "..", AuthenticationFailure.Malformed),
    ];

    [TestMethod]
    [DynamicData(nameof(Forgeries))]
    public void Authenticate_ForgedToken_IsRefused(string name, Func<string> forge, AuthenticationFailure expected)
    {
        AuthenticationResult result = Fixture.Check(forge());

        Assert.AreEqual(expected, result.Failure, $"{name}: {result.Detail}");
        Assert.IsNull(result.Principal, name);
        Assert.AreEqual("The caller is not known: it showed no credentials, or they are not accepted.", result.CallerText, "All failures must read alike.");
    }

    [TestMethod]
    public void Authenticate_TheTokenThatForgeriesAreMadeOf_IsTaken()
    {
        Assert.AreEqual(AuthenticationFailure.None, Fixture.Check(Good()).Failure);
        Assert.IsTrue(Forgeries.Count() >= 60);
    }

    [TestMethod]
    public void Authenticate_EveryBitOfAGoodTokenTurned_IsRefused()
    {
        string good = Good();
        for (int i = 0; i < good.Length; i++)
        {
            char[] changed = good.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            if (new string(changed) != good)
            {
                Assert.IsNull(Fixture.Check(new string(changed)).Principal, $"Character {i} can be changed.");
            }
        }
    }

    private static object[] Row(string name, Func<string> forge, AuthenticationFailure failure) => [name, forge, failure];

    private static string Rs(string claims) => TokenMaker.Sign("RS256", claims, "\"kid\":\"rsa\"");

    private static string Good() => Rs(Claims);

    private static string Signature(string header, byte[] signature) => $"{TokenMaker.Unsigned(header, Claims)}.{TokenMaker.Encode(signature)}";

    private static string RsaAsSecret()
    {
        string body = TokenMaker.Unsigned(TokenMaker.Header("HS256", "\"kid\":\"rsa\""), Claims);
        return $"{body}.{TokenMaker.Encode(HMACSHA256.HashData(Encoding.ASCII.GetBytes(TokenMaker.Rsa.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(body)))}";
    }

    private static string EcdsaAsSecret()
    {
        string body = TokenMaker.Unsigned(TokenMaker.Header("HS256", "\"kid\":\"ec\""), Claims);
        return $"{body}.{TokenMaker.Encode(HMACSHA256.HashData(TokenMaker.P256.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(body)))}";
    }

    private static string Wrong(RSA key)
    {
        string body = TokenMaker.Unsigned(TokenMaker.Header("RS256", "\"kid\":\"rsa\""), Claims);
        return $"{body}.{TokenMaker.Encode(key.SignData(Encoding.ASCII.GetBytes(body), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string JwkInHeader()
    {
        RSAParameters key = TokenMaker.OtherRsa.ExportParameters(false);
        string header = TokenMaker.Header("RS256", $"\"jwk\":{{\"kty\":\"RSA\",\"n\":\"{TokenMaker.Encode(key.Modulus)}\",\"e\":\"{TokenMaker.Encode(key.Exponent)}\"}}");
        string body = TokenMaker.Unsigned(header, Claims);
        return $"{body}.{TokenMaker.Encode(TokenMaker.OtherRsa.SignData(Encoding.ASCII.GetBytes(body), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string DerSignature()
    {
        string body = TokenMaker.Unsigned(TokenMaker.Header("ES256", "\"kid\":\"ec\""), Claims);
        return $"{body}.{TokenMaker.Encode(TokenMaker.P256.SignData(Encoding.ASCII.GetBytes(body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))}";
    }

    private static string ChangedClaims()
    {
        string[] parts = Good().Split('.');
        return $"{parts[0]}.{TokenMaker.Encode(TokenMaker.Claims(Now, subject: "admin"))}.{parts[2]}";
    }

    private static string ChangedHeader()
    {
        string[] parts = Good().Split('.');
        return $"{TokenMaker.Encode("""{"alg":"RS256","kid":"rsa"}""")}.{parts[1]}.{parts[2]}";
    }

    private static string LooseBits()
    {
        // 256 bytes leave one character with four bits that mean nothing; a lenient decoder would take this for the same signature.
        string good = Good();
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return good[..^1] + alphabet[alphabet.IndexOf(good[^1], StringComparison.Ordinal) | 1];
    }

    private static string NoUtf8()
    {
        byte[] claims = Encoding.UTF8.GetBytes(Claims.Replace("alice", "al_ce", StringComparison.Ordinal));
        claims[Array.IndexOf(claims, (byte)'_')] = 0xff;
        string body = $"{TokenMaker.Encode(TokenMaker.Header("RS256", "\"kid\":\"rsa\""))}.{TokenMaker.Encode(claims)}";
        return $"{body}.{TokenMaker.Encode(TokenMaker.SignBytes(Encoding.ASCII.GetBytes(body), "RS256"))}";
    }

    private static byte[] Order() => Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
}
