using System.Buffers;
using System.Text;

namespace Net.Http3;

/// <summary>What names and values of header fields may hold, and the text of those that come often.</summary>
internal static class HeaderText
{
    private static readonly SearchValues<byte> LowerCaseToken = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);
    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private static readonly SearchValues<byte> ForbiddenInValue = SearchValues.Create("\0\r\n"u8);

    // That of an IMF-fixdate (RFC 9110, section 5.6.7).
    private const int DateLength = 29;
    private static volatile string? s_lastDate;

    private static readonly string[][] KnownNames = ByLength(
    [
        "age", "etag", "date", "vary", "server", "expires", "alt-svc", "location", "priority", "set-cookie", "grpc-status", "grpc-message", "content-type", "cache-control",
        "accept-ranges", "last-modified", "grpc-encoding", "content-length", "content-encoding", "grpc-accept-encoding", "x-content-type-options", "strict-transport-security",
        "grpc-status-details-bin", "retry-after", "www-authenticate", "trailer",
    ]);

    private static readonly string[][] KnownValues = ByLength(
    [
        "0", "gzip", "identity", "Kestrel", "application/grpc", "application/json", "text/plain", "identity,gzip", "text/plain; charset=utf-8", "application/json; charset=utf-8",
        "bytes", "no-cache", "nosniff",
    ]);

    /// <summary>Whether a name is a token, in any case.</summary>
    internal static bool IsName(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(Token);

    /// <summary>Whether a value holds nothing that could end a field.</summary>
    internal static bool IsValue(string value) => value.AsSpan().IndexOfAny('\0', '\r', '\n') < 0;

    /// <summary>Whether a received name is a token in lower case (RFC 9114, section 4.2).</summary>
    internal static bool IsName(ReadOnlySpan<byte> name) => !name.IsEmpty && !name.ContainsAnyExcept(LowerCaseToken);

    /// <summary>Whether a received value holds nothing that could end a field (RFC 9114, section 10.3).</summary>
    internal static bool IsValue(ReadOnlySpan<byte> value) => !value.ContainsAny(ForbiddenInValue);

    /// <summary>A name's text, without making a new string for those that come often.</summary>
    internal static string NameOf(ReadOnlySpan<byte> name) => Find(KnownNames, name) ?? Encoding.ASCII.GetString(name);

    /// <summary>A value's text, without making a new string for those that come often.</summary>
    internal static string ValueOf(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return "";
        }

        if (Find(KnownValues, value) is { } known)
        {
            return known;
        }

        if (value.Length != DateLength)
        {
            return Encoding.Latin1.GetString(value);
        }

        // Every answer of a second has the same date.
        string? last = s_lastDate;
        return last is not null && Ascii.Equals(value, last) ? last : s_lastDate = Encoding.Latin1.GetString(value);
    }

    private static string? Find(string[][] known, ReadOnlySpan<byte> text)
    {
        if (text.Length < known.Length)
        {
            foreach (string candidate in known[text.Length])
            {
                if (Ascii.Equals(text, candidate))
                {
                    return candidate;
                }
            }
        }

        return null;
    }

    private static string[][] ByLength(string[] texts) =>
        [.. Enumerable.Range(0, texts.Max(static t => t.Length) + 1).Select(length => texts.Where(t => t.Length == length).ToArray())];
}
