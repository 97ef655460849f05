using System.Text.Json;

namespace Net.Security;

/// <summary>The claims of a token, each of the form that it must have.</summary>
internal readonly struct TokenClaims(JsonElement claims)
{
    // More, or longer ones, are the issuer's affair and of no use to a rule.
    private const int MaxClaims = 32;
    private const int MaxValues = 64;
    private const int MaxLength = 512;

    internal JsonElement Root => claims;

    internal string? GetText(string name) =>
        claims.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Reads a time (RFC 7519, section 2, NumericDate): seconds, with or without fractions.</summary>
    /// <returns>Whether it is missing or a time from 1970 to 9999.</returns>
    internal bool TryGetTime(string name, out DateTimeOffset? time)
    {
        time = null;
        if (!claims.TryGetProperty(name, out JsonElement value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double seconds) || !(seconds >= 0 && seconds <= 253_402_300_799))
        {
            return false;
        }

        time = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        return true;
    }

    /// <summary>Whether a claim that is a text or a list of texts holds one of some values.</summary>
    internal bool HoldsAny(string name, IReadOnlyList<string> wanted)
    {
        if (!claims.TryGetProperty(name, out JsonElement value))
        {
            return false;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return wanted.Contains(value.GetString()!, StringComparer.Ordinal);
        }

        bool found = false;
        if (value.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (JsonElement element in value.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.String)
            {
                return false;
            }

            found |= wanted.Contains(element.GetString()!, StringComparer.Ordinal);
        }

        return found;
    }

    /// <summary>The texts of a claim: its list, or its one text taken apart at blanks.</summary>
    internal IReadOnlyList<string> GetTexts(string name)
    {
        if (!claims.TryGetProperty(name, out JsonElement value))
        {
            return [];
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            JsonValueKind.Array => [.. value.EnumerateArray().Where(static e => e.ValueKind == JsonValueKind.String).Select(static e => e.GetString()!)],
            _ => [],
        };
    }

    /// <summary>All claims that are plain values or lists of them.</summary>
    internal Dictionary<string, IReadOnlyList<string>> ToDictionary()
    {
        var all = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (JsonProperty property in claims.EnumerateObject())
        {
            IReadOnlyList<string> values = property.Value.ValueKind == JsonValueKind.Array
                ? [.. property.Value.EnumerateArray().Select(TextOf).OfType<string>().Take(MaxValues)]
                : TextOf(property.Value) is { } text ? [text] : [];
            if (values.Count > 0 && property.Name.Length <= MaxLength && all.Count < MaxClaims)
            {
                all[property.Name] = values;
            }
        }

        return all;
    }

    private static string? TextOf(JsonElement value)
    {
        string? text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };
        return text is { Length: <= MaxLength } ? text : null;
    }
}
