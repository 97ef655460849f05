using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Net.Security;

/// <summary>Checks JSON Web Tokens (RFC 7519) as RFC 8725 asks. Never opens a connection, and takes no key from a token.</summary>
internal sealed class TokenValidator(TokenOptions options)
{
    // What a header may not hold: the first four would bring a key or its address, the others ask for what is not done here.
    private static readonly string[] ForbiddenHeaders = ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc", "cty"];
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };
    private static readonly SearchValues<char> Base64UrlCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Checks a token, but not whether the caller has the certificate that it is bound to.</summary>
    internal TokenVerdict Validate(ReadOnlySpan<char> token, DateTimeOffset now)
    {
        if (token.Length > options.MaxBytes)
        {
            return new(AuthenticationFailure.TooLarge, "The token is over TokenOptions.MaxBytes.");
        }

        int first = token.IndexOf('.');
        int second = first < 0 ? -1 : token[(first + 1)..].IndexOf('.');
        if (second < 0)
        {
            return Malformed("it has not three parts");
        }

        second += first + 1;
        ReadOnlySpan<char> headerText = token[..first];
        ReadOnlySpan<char> claimsText = token[(first + 1)..second];
        if (!TryDecode(headerText, out byte[] header) || !TryDecode(claimsText, out byte[] claims) || !TryDecode(token[(second + 1)..], out byte[] signature))
        {
            return Malformed("a part is empty or no base64url");
        }

        try
        {
            using JsonDocument headerJson = JsonDocument.Parse(header, Strict);
            TokenVerdict refusal = ReadHeader(headerJson.RootElement, out TokenAlgorithm algorithm, out string? keyId, out string? type);
            if (refusal.Failure != AuthenticationFailure.None)
            {
                return refusal;
            }

            using JsonDocument claimsJson = JsonDocument.Parse(claims, Strict);
            if (claimsJson.RootElement.ValueKind != JsonValueKind.Object)
            {
                return Malformed("its claims are no JSON object");
            }

            return Validate(token[..second], signature, algorithm, keyId, type, new TokenClaims(claimsJson.RootElement), now);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON, a name twice, too deep, or text that is no Unicode.
            return Malformed("its header or its claims are no JSON that can be taken");
        }
    }

    private static TokenVerdict ReadHeader(JsonElement header, out TokenAlgorithm algorithm, out string? keyId, out string? type)
    {
        algorithm = default;
        keyId = type = null;
        if (header.ValueKind != JsonValueKind.Object)
        {
            return Malformed("its header is no JSON object");
        }

        foreach (string name in ForbiddenHeaders)
        {
            if (header.TryGetProperty(name, out _))
            {
                return new(AuthenticationFailure.ForbiddenHeader, $"Its header holds \"{name}\".");
            }
        }

        if (!TryGetText(header, "kid", out keyId) || !TryGetText(header, "typ", out type) || !TryGetText(header, "alg", out string? algorithmName))
        {
            return Malformed("a member of its header is no text");
        }

        return TokenAlgorithms.TryParse(algorithmName, out algorithm)
            ? default
            : new(AuthenticationFailure.UnsupportedAlgorithm, "Its algorithm is missing, \"none\" or unknown.");
    }

    private TokenVerdict Validate(
        ReadOnlySpan<char> signed, byte[] signature, TokenAlgorithm algorithm, string? keyId, string? type, TokenClaims claims, DateTimeOffset now)
    {
        // The issuer is read before the signature is checked, to know whose keys to check it with; nothing else is believed until then.
        TokenIssuer? issuer = claims.GetText("iss") is { } name ? Find(name) : null;
        if (issuer is null)
        {
            return new(AuthenticationFailure.UnknownIssuer, "Its issuer is missing or none whose tokens are taken.");
        }

        if (!IsOfType(issuer, type))
        {
            return new(AuthenticationFailure.WrongType, "Its type (\"typ\") is not the issuer's.");
        }

        TokenKeySet keys = issuer.Keys.Current;
        if (keys.Find(keyId, algorithm) is not { } key)
        {
            return new(AuthenticationFailure.UnknownKey, "The issuer has no such key, or not for this algorithm.");
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(signed.Length);
        try
        {
            // Base64url and dots: one byte for each character.
            int length = Encoding.ASCII.GetBytes(signed, bytes);
            if (!key.Verify(algorithm, bytes.AsSpan(0, length), signature))
            {
                return new(AuthenticationFailure.BadSignature, "Its signature does not fit.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        return ClaimCheck.Run(claims, issuer, now) with { Issuer = issuer, Keys = keys };
    }

    private static bool IsOfType(TokenIssuer issuer, string? type)
    {
        const string media = "application/";
        string? plain = type?.StartsWith(media, StringComparison.OrdinalIgnoreCase) == true ? type[media.Length..] : type;
        return issuer.Type is { } wanted
            ? string.Equals(plain, wanted.StartsWith(media, StringComparison.OrdinalIgnoreCase) ? wanted[media.Length..] : wanted, StringComparison.OrdinalIgnoreCase)
            : plain is null || plain.Equals("JWT", StringComparison.OrdinalIgnoreCase) || plain.Equals("at+jwt", StringComparison.OrdinalIgnoreCase);
    }

    private TokenIssuer? Find(string name)
    {
        foreach (TokenIssuer issuer in options.Issuers)
        {
            if (string.Equals(issuer.Issuer, name, StringComparison.Ordinal))
            {
                return issuer;
            }
        }

        return null;
    }

    private static bool TryGetText(JsonElement header, string name, out string? text)
    {
        text = null;
        if (!header.TryGetProperty(name, out JsonElement value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        text = value.GetString();
        return true;
    }

    /// <summary>Decodes a part in its one form: no padding, no white space, no bits left over (RFC 7515, section 2). Otherwise one token would have many texts, and a cache or a list of revoked ones could be got round.</summary>
    private static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.IsEmpty || text.Length % 4 == 1 || text.ContainsAnyExcept(Base64UrlCharacters))
        {
            return false;
        }

        // The last character of a part that is not a multiple of four holds 4 or 2 bits that mean nothing.
        int unused = (text.Length % 4) switch { 2 => 0b1111, 3 => 0b11, _ => 0 };
        if ((ValueOf(text[^1]) & unused) != 0)
        {
            return false;
        }

        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }

    private static int ValueOf(char character) => character switch
    {
        >= 'A' and <= 'Z' => character - 'A',
        >= 'a' and <= 'z' => character - 'a' + 26,
        >= '0' and <= '9' => character - '0' + 52,
        '-' => 62,
        _ => 63,
    };

    private static TokenVerdict Malformed(string fault) => new(AuthenticationFailure.Malformed, $"It is no token: {fault}.");
}
