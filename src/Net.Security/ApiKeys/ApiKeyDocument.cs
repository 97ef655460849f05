using System.Text.Json;
using System.Text.Json.Serialization;

namespace Net.Security;

/// <summary>The file of API keys.</summary>
internal sealed record ApiKeyDocument
{
    [JsonPropertyName("keys")]
    public required IReadOnlyList<ApiKeyEntry> Keys { get; init; }
}

/// <summary>Its JSON, made at build time so that it works without reflection. What it does not know is a fault, as a misspelt "expires" would otherwise be none at all.</summary>
[JsonSourceGenerationOptions(
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ApiKeyDocument))]
internal sealed partial class ApiKeyJson : JsonSerializerContext;
