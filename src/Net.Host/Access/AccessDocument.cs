using System.Text.Json;
using System.Text.Json.Serialization;
using Net.Security;

namespace Net.Hosting.Access;

/// <summary>The file of <c>net serve --access</c>. What is missing has the default of the option that it stands for.</summary>
internal sealed class AccessDocument
{
    public AuthenticationDocument? Authentication { get; set; }

    /// <summary>Roles by name.</summary>
    public Dictionary<string, RoleDocument>? Roles { get; set; }

    public AdmissionDocument? Admission { get; set; }

    public AuditDocument? Audit { get; set; }

    public TimeSpan? RecheckInterval { get; set; }
}

internal sealed class AuthenticationDocument
{
    public bool AllowAnonymous { get; set; }

    public List<CertificateDocument>? Certificates { get; set; }

    public List<IssuerDocument>? Issuers { get; set; }

    public int? MaxTokenBytes { get; set; }

    public ApiKeysDocument? ApiKeys { get; set; }

    public ThrottleDocument? Throttle { get; set; }

    public int? MaxRemembered { get; set; }

    public TimeSpan? RememberFor { get; set; }
}

internal sealed class CertificateDocument
{
    public required CertificateField Field { get; set; }

    public required string Pattern { get; set; }

    public string? Name { get; set; }

    public List<string>? Roles { get; set; }
}

internal sealed class IssuerDocument
{
    public required string Issuer { get; set; }

    public required List<string> Audiences { get; set; }

    /// <summary>A file of keys: a JWK, a JWK set, or PEM.</summary>
    public required string Keys { get; set; }

    public string? Type { get; set; }

    public TimeSpan? Leeway { get; set; }

    public TimeSpan? MaxLifetime { get; set; }

    public string? NameClaim { get; set; }

    public string? RolesClaim { get; set; }

    public List<string>? AllowedRoles { get; set; }

    public List<string>? Roles { get; set; }

    public bool RequireCertificateBinding { get; set; }
}

internal sealed class ApiKeysDocument
{
    public required string File { get; set; }

    public required string Pepper { get; set; }
}

internal sealed class ThrottleDocument
{
    public int? MaxFailuresPerSource { get; set; }

    public int? MaxFailuresPerKey { get; set; }

    public TimeSpan? Recovery { get; set; }

    public int? MaxRemembered { get; set; }
}

internal sealed class RoleDocument
{
    public List<string>? Inherits { get; set; }

    public List<string>? Allow { get; set; }

    public List<string>? Deny { get; set; }
}

internal sealed class AdmissionDocument
{
    /// <summary>0: any.</summary>
    public int? RatePerPrincipal { get; set; }

    public int? BurstPerPrincipal { get; set; }

    /// <summary>0: any.</summary>
    public int? GlobalRate { get; set; }

    public int? GlobalBurst { get; set; }

    /// <summary>0: any.</summary>
    public int? MaxConcurrentPerPrincipal { get; set; }

    /// <summary>0: any.</summary>
    public int? MaxConnectionsPerPrincipal { get; set; }

    public int? MaxPrincipals { get; set; }
}

internal sealed class AuditDocument
{
    /// <summary>Below the file's directory; <c>--audit</c> goes before it.</summary>
    public string? Directory { get; set; }

    /// <summary>A file with the key of the chain.</summary>
    public string? Key { get; set; }

    public long? MaxFileBytes { get; set; }

    public TimeSpan? MaxFileAge { get; set; }

    public int? MaxFiles { get; set; }

    public int? MaxQueued { get; set; }

    public bool? FlushToDisk { get; set; }

    public AuditFailurePolicy? OnFailure { get; set; }

    public int? MaxRefusalsPerSecond { get; set; }

    public bool? IncludeAllowedCalls { get; set; }
}

/// <summary>Its JSON. The framework's configuration binder is not used: it knows neither lines nor types, puts lists of several sources together, and an empty list is none to it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AccessDocument))]
internal sealed partial class AccessJson : JsonSerializerContext;
