using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Tokens;

/// <summary>Tokens and keys made at random: what was put in comes out, and there is no second text of a token.</summary>
[TestClass]
public sealed class TokenPropertyTests
{
    private const int Tokens = 400;
    private const int Keys = 50;

    private static readonly (string Name, TokenAlgorithm Algorithm)[] Algorithms =
        [("RS256", TokenAlgorithm.RS256), ("PS256", TokenAlgorithm.PS256), ("ES256", TokenAlgorithm.ES256), ("ES384", TokenAlgorithm.ES384), ("ES512", TokenAlgorithm.ES512), ("HS256", TokenAlgorithm.HS256)];

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Authenticate_AnyGoodTokenAndAnyChangeOfItsText_TakesTheOneTextAlone()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        var fixture = new TokenFixture();
        for (int i = 0; i < Tokens; i++)
        {
            string subject = Text(random);
            string claims = TokenMaker.Claims(fixture.Now, subject: subject, more: $"\"x\":{JsonSerializer.Serialize(Text(random))}");
            string token = TokenMaker.Sign(random.Next(2) == 0 ? "RS256" : "ES256", claims);
            Assert.AreEqual($"{TokenMaker.Issuer}|{subject}", fixture.Check(token).Principal?.Name, claims);

            for (int j = 0; j < 5; j++)
            {
                string changed = Change(token, random);
                if (changed != token)
                {
                    Assert.IsNull(fixture.Check(changed).Principal, changed);
                }
            }
        }
    }

    [TestMethod]
    public void JwkReader_AnyKeys_CheckWhatTheirOwnersSigned()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Keys; i++)
        {
            (string Name, TokenAlgorithm Algorithm)[] chosen = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Algorithms[random.Next(Algorithms.Length)])];
            string[] ids = [.. chosen.Select((_, at) => $"k{at}")];
            string json = $$"""{"keys":[{{string.Join(',', chosen.Select((one, at) => Write(one.Name, ids[at], random)))}}]}""";

            List<TokenKey> keys = JwkReader.Read(json);

            Assert.AreSequenceEqual(ids, keys.Select(static k => k.Id!), json);
            byte[] message = Encoding.ASCII.GetBytes(Text(random));
            for (int at = 0; at < chosen.Length; at++)
            {
                Assert.IsTrue(keys[at].Verify(chosen[at].Algorithm, message, TokenMaker.SignBytes(message, chosen[at].Name)), json);
                Assert.IsFalse(keys[at].Verify(chosen[at].Algorithm, [.. message, 0], TokenMaker.SignBytes(message, chosen[at].Name)), json);
            }
        }
    }

    [TestMethod]
    public void JwkReader_AnyDamagedKey_IsRefusedOrLeftOutOrChecksNoSignatureOfTheOwner()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int refused = 0;
        for (int i = 0; i < Keys * 10; i++)
        {
            (string name, TokenAlgorithm algorithm) = Algorithms[random.Next(Algorithms.Length)];
            string json = Write(name, "k", random);
            int at = random.Next(json.Length);
            string damaged = random.Next(3) switch
            {
                0 => json[..at],
                1 => json.Remove(at, 1),
                _ => json.Remove(at, 1).Insert(at, $"{"aZ0-_\"{}[]:,=+\u00fc"[random.Next(15)]}"),
            };
            try
            {
                foreach (TokenKey key in JwkReader.Read(damaged))
                {
                    // Only what says nothing of the key, or spare bits at the end of its numbers, may have changed.
                    byte[] message = "signed"u8.ToArray();
                    bool isSame = key.Verify(algorithm, message, TokenMaker.SignBytes(message, name));
                    Assert.IsTrue(!isSame || Coordinates(damaged) == Coordinates(json), damaged);
                }
            }
            catch (ArgumentException exception)
            {
                Assert.DoesNotContain(Convert.ToHexString(TokenMaker.Secret), exception.Message);
                refused++;
            }
        }

        Assert.IsGreaterThan(Keys, refused);
    }

    // The bytes of every member that is base64url.
    private static string Coordinates(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return string.Join('|', document.RootElement.EnumerateObject().Where(static m => m.Name is "n" or "e" or "x" or "y" or "k")
            .Select(static m => $"{m.Name}={Convert.ToHexString(System.Buffers.Text.Base64Url.DecodeFromChars(m.Value.GetString()))}").Order(StringComparer.Ordinal));
    }

    private static string Write(string algorithm, string id, Random random)
    {
        List<string> members = [$"\"kid\":\"{id}\"", $"\"alg\":\"{algorithm}\""];
        if (algorithm[0] is 'R' or 'P')
        {
            RSAParameters rsa = TokenMaker.Rsa.ExportParameters(false);
            members.AddRange(["\"kty\":\"RSA\"", $"\"n\":\"{TokenMaker.Encode(rsa.Modulus)}\"", $"\"e\":\"{TokenMaker.Encode(rsa.Exponent)}\""]);
        }
        else if (algorithm[0] == 'E')
        {
            (ECDsa key, string curve) = algorithm switch { "ES256" => (TokenMaker.P256, "P-256"), "ES384" => (TokenMaker.P384, "P-384"), _ => (TokenMaker.P521, "P-521") };
            ECParameters point = key.ExportParameters(false);
            members.AddRange(["\"kty\":\"EC\"", $"\"crv\":\"{curve}\"", $"\"x\":\"{TokenMaker.Encode(point.Q.X)}\"", $"\"y\":\"{TokenMaker.Encode(point.Q.Y)}\""]);
        }
        else
        {
            members.AddRange(["\"kty\":\"oct\"", $"\"k\":\"{TokenMaker.Encode(TokenMaker.Secret)}\""]);
        }

        if (random.Next(2) == 0)
        {
            members.Add("\"use\":\"sig\"");
        }

        if (random.Next(2) == 0)
        {
            members.Add("\"key_ops\":[\"verify\"]");
        }

        members.Add($"\"x-{random.Next(100)}\":[1,{{}},\"a\"]");
        string[] shuffled = [.. members];
        random.Shuffle(shuffled);
        return "{" + string.Join(',', shuffled) + "}";
    }

    private static string Change(string token, Random random)
    {
        int at = random.Next(token.Length + 1);
        char inserted = "A9-_.=+/ \n\t\u00e4"[random.Next(12)];
        return random.Next(4) switch
        {
            0 => token.Insert(at, $"{inserted}"),
            1 => token.Remove(Math.Min(at, token.Length - 1), 1),
            2 => token[..at],
            _ => token.Remove(Math.Min(at, token.Length - 1), 1).Insert(Math.Min(at, token.Length - 1), $"{inserted}"),
        };
    }

    private static string Text(Random random) => new([.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => "abcXYZ0189-_./@:"[random.Next(16)])]);
}
