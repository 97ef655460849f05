using System.Text.Json.Serialization;

namespace Net.Channels;

/// <summary>JSON of the report, made at build time so that it works without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ChannelsDocument))]
internal sealed partial class ChannelsJson : JsonSerializerContext;
