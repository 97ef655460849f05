using System.Text.Json.Serialization;

namespace Net.Client.Internal;

/// <summary>The content of a file of end points.</summary>
internal sealed record EndPointFile
{
    public IReadOnlyList<Entry?>? EndPoints { get; init; }

    /// <summary>One end point.</summary>
    internal sealed record Entry
    {
        public string? Address { get; init; }

        public int? Weight { get; init; }

        public int? Priority { get; init; }

        public string? Zone { get; init; }

        public string? ServerName { get; init; }
    }
}

/// <summary>Reads the file strictly: what it does not know is an error, as a misspelt key would else be ignored in silence.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(EndPointFile))]
internal sealed partial class EndPointFileJson : JsonSerializerContext;
