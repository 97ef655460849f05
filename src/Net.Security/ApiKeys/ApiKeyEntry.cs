using System.Text.Json.Serialization;

namespace Net.Security;

/// <summary>What a server keeps of one API key. Several entries may have one name: that is how a key is rotated, the new one beside the old until the old one is taken out.</summary>
public sealed record ApiKeyEntry
{
    /// <summary>What the key is found by: the 16 characters after its prefix.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The HMAC-SHA256 of the key under the pepper, in base64url.</summary>
    [JsonPropertyName("hash")]
    public required string Hash { get; init; }

    /// <summary>Who the holder is: 1 to 256 characters of plain text.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>What roles the holder has.</summary>
    [JsonPropertyName("roles")]
    public IReadOnlyList<string> Roles { get; init => field = value ?? []; } = [];

    /// <summary>When the key was made.</summary>
    [JsonPropertyName("created")]
    public DateTimeOffset? Created { get; init; }

    /// <summary>Before this it is not taken; <c>null</c>: at once.</summary>
    [JsonPropertyName("notBefore")]
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>From this on it is not taken.</summary>
    [JsonPropertyName("expires")]
    public required DateTimeOffset Expires { get; init; }
}
