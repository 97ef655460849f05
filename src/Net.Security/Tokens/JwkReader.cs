using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Net.Security;

/// <summary>Reads JSON Web Keys (RFC 7517; RFC 7518, section 6).</summary>
internal static class JwkReader
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    internal static List<TokenKey> Read(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new ArgumentException("It is no JSON object; a JWK set has a member \"keys\", a single JWK a member \"kty\".", nameof(json));
            }

            if (!root.TryGetProperty("keys", out JsonElement keys))
            {
                return ReadKey(root, 1) is { } only ? [only] : throw new ArgumentException("Its key is of a kind or for a use that tokens do not have.", nameof(json));
            }

            if (keys.ValueKind != JsonValueKind.Array)
            {
                throw new ArgumentException("Its member \"keys\" is no list.", nameof(json));
            }

            var read = new List<TokenKey>();
            int number = 0;
            foreach (JsonElement element in keys.EnumerateArray())
            {
                if (ReadKey(element, ++number) is { } key)
                {
                    read.Add(key);
                }
            }

            return read;
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"It is no JSON that can be read: {exception.Message}", nameof(json), exception);
        }
    }

    /// <summary>Reads one key.</summary>
    /// <returns><c>null</c> when it is not for checking tokens.</returns>
    private static TokenKey? ReadKey(JsonElement key, int number)
    {
        if (key.ValueKind != JsonValueKind.Object)
        {
            throw Fault(number, "is no JSON object");
        }

        string? type = Text(key, "kty", number);
        string? id = Text(key, "kid", number);
        string? algorithmName = Text(key, "alg", number);
        if (type is not ("RSA" or "EC" or "oct") || Text(key, "use", number) is not (null or "sig") || !CanVerify(key, number))
        {
            return null;
        }

        TokenAlgorithm? algorithm = null;
        if (algorithmName is not null)
        {
            if (!TokenAlgorithms.TryParse(algorithmName, out TokenAlgorithm known))
            {
                return null;
            }

            algorithm = known;
        }

        try
        {
            return type switch
            {
                "RSA" => ReadRsa(key, id, algorithm, number),
                "EC" => ReadEcdsa(key, id, algorithm, number),
                _ => TokenKey.FromSecret(id, Bytes(key, "k", number), algorithm ?? throw Fault(number, "is a secret without \"alg\"; say HS256, HS384 or HS512")),
            };
        }
        catch (CryptographicException exception)
        {
            throw Fault(number, $"is no key: {exception.Message}");
        }
        catch (ArgumentException exception) when (exception.ParamName is "key" or "secret" or "algorithm" or "algorithms" or "id")
        {
            throw Fault(number, $"cannot be used: {exception.Message}");
        }
    }

    private static TokenKey ReadRsa(JsonElement key, string? id, TokenAlgorithm? algorithm, int number)
    {
        RefusePrivate(key, number);
        using RSA rsa = RSA.Create(new RSAParameters { Modulus = Bytes(key, "n", number), Exponent = Bytes(key, "e", number) });
        return algorithm is TokenAlgorithm only ? TokenKey.FromRsa(id, rsa, only) : TokenKey.FromRsa(id, rsa);
    }

    private static TokenKey ReadEcdsa(JsonElement key, string? id, TokenAlgorithm? algorithm, int number)
    {
        RefusePrivate(key, number);
        ECCurve curve = Text(key, "crv", number) switch
        {
            "P-256" => ECCurve.NamedCurves.nistP256,
            "P-384" => ECCurve.NamedCurves.nistP384,
            "P-521" => ECCurve.NamedCurves.nistP521,
            _ => throw Fault(number, "has a curve other than P-256, P-384 and P-521"),
        };

        // A point that is not on the curve is refused here (RFC 8725, section 3.4).
        using ECDsa ec = ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = Bytes(key, "x", number), Y = Bytes(key, "y", number) } });
        TokenKey made = TokenKey.FromEcdsa(id, ec);
        return algorithm is null || made.Algorithms.Contains(algorithm.Value) ? made : throw Fault(number, $"has the algorithm {algorithm} and a curve of {made.Algorithms[0]}");
    }

    private static void RefusePrivate(JsonElement key, int number)
    {
        if (key.TryGetProperty("d", out _))
        {
            throw Fault(number, "holds its private part (\"d\"); who checks tokens must not have it. Take it out, and treat the key as known to whoever read this file");
        }
    }

    private static bool CanVerify(JsonElement key, int number)
    {
        if (!key.TryGetProperty("key_ops", out JsonElement operations))
        {
            return true;
        }

        return operations.ValueKind == JsonValueKind.Array
            ? operations.EnumerateArray().Any(static operation => operation.ValueKind == JsonValueKind.String && operation.ValueEquals("verify"))
            : throw Fault(number, "has a \"key_ops\" that is no list");
    }

    private static string? Text(JsonElement key, string member, int number)
    {
        if (!key.TryGetProperty(member, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Fault(number, $"has a \"{member}\" that is no text");
    }

    private static byte[] Bytes(JsonElement key, string member, int number)
    {
        string text = Text(key, member, number) ?? throw Fault(number, $"has no \"{member}\"");
        try
        {
            return text.Length <= 4096 ? Base64Url.DecodeFromChars(text) : throw Fault(number, $"has a \"{member}\" of {text.Length} characters, which is too long");
        }
        catch (FormatException)
        {
            throw Fault(number, $"has a \"{member}\" that is no base64url");
        }
    }

    private static ArgumentException Fault(int number, string fault) => new($"Key {number} {fault}.");
}
