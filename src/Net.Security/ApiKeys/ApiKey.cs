using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Net.Security;

/// <summary>The text of an API key: <c>netkey_</c>, an id of 16 characters, <c>_</c>, a secret of 52, and a checksum of 7.</summary>
/// <remarks>
/// The prefix lets scanners find keys that were published by mistake; the checksum lets them, and a person who copied one short, see without asking the server that it is none.
/// The letters are those of base 32 without padding, in lower case (RFC 4648, section 6): 80 bits of id, 256 of secret.
/// </remarks>
public sealed class ApiKey
{
    /// <summary>What every key begins with.</summary>
    public const string Prefix = "netkey_";

    internal const int IdLength = 16;
    internal const int SecretLength = 52;
    internal const int ChecksumLength = 7;

    private const int SecretBytes = 32;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567";

    private static readonly SearchValues<char> LetterSet = SearchValues.Create(Letters);

    private ApiKey(string text) => Text = text;

    /// <summary>Characters of a key.</summary>
    public static int Length => Prefix.Length + IdLength + 1 + SecretLength + ChecksumLength;

    /// <summary>The whole key. It is shown once, to whoever shall use it, and kept nowhere.</summary>
    public string Text { get; }

    /// <summary>What the server finds it by. It is no secret.</summary>
    public string Id => Text.Substring(Prefix.Length, IdLength);

    /// <summary>Makes a key out of the system's random numbers.</summary>
    /// <returns>The key.</returns>
    public static ApiKey Create()
    {
        Span<byte> random = stackalloc byte[10 + SecretBytes];
        RandomNumberGenerator.Fill(random);
        string body = $"{Prefix}{Encode(random[..10])}_{Encode(random[10..])}";
        CryptographicOperations.ZeroMemory(random);
        return new ApiKey(body + Checksum(body));
    }

    /// <summary>Reads a key.</summary>
    /// <param name="text">The text.</param>
    /// <param name="key">The key.</param>
    /// <returns>Whether it has the form of one, checksum included.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ApiKey? key)
    {
        key = text is not null && HasForm(text) ? new ApiKey(text) : null;
        return key is not null;
    }

    /// <summary>The prefix and the id; never the secret.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Prefix}{Id}_…";

    /// <summary>What is stored of a key: an HMAC of the whole text under the server's pepper.</summary>
    internal static void Hash(ReadOnlySpan<char> text, ReadOnlySpan<byte> pepper, Span<byte> destination)
    {
        // Every character is ASCII; HasForm has seen to that.
        Span<byte> bytes = stackalloc byte[128];
        bytes = bytes[..Encoding.ASCII.GetBytes(text, bytes)];
        HMACSHA256.HashData(pepper, bytes, destination);
        CryptographicOperations.ZeroMemory(bytes);
    }

    internal static bool HasForm(ReadOnlySpan<char> text) =>
        text.Length == Length && text.StartsWith(Prefix, StringComparison.Ordinal) && text[Prefix.Length + IdLength] == '_' &&
        !text.Slice(Prefix.Length, IdLength).ContainsAnyExcept(LetterSet) && !text[(Prefix.Length + IdLength + 1)..].ContainsAnyExcept(LetterSet) &&
        text[^ChecksumLength..].SequenceEqual(Checksum(text[..^ChecksumLength]));

    internal static bool IsId(string? text) => text is { Length: IdLength } && !text.AsSpan().ContainsAnyExcept(LetterSet);

    // 35 bits of a hash: it guards against mistakes, not against anybody.
    private static string Checksum(ReadOnlySpan<char> body)
    {
        Span<byte> bytes = stackalloc byte[128];
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(body, bytes)], hash);
        return Encode(hash)[..ChecksumLength];
    }

    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length * 8 + 4) / 5);
        int buffer = 0;
        int bits = 0;
        foreach (byte value in bytes)
        {
            buffer = (buffer << 8) | value;
            bits += 8;
            while (bits >= 5)
            {
                text.Append(Letters[(buffer >> (bits - 5)) & 31]);
                bits -= 5;
            }

            buffer &= (1 << bits) - 1;
        }

        if (bits > 0)
        {
            text.Append(Letters[(buffer << (5 - bits)) & 31]);
        }

        return text.ToString();
    }
}
