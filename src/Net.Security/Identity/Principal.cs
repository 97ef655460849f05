using System.Collections.Frozen;

namespace Net.Security;

/// <summary>Who calls, once it is known. Immutable, and shared by all calls that came with the same credential.</summary>
public sealed class Principal
{
    private static readonly FrozenDictionary<string, IReadOnlyList<string>> NoClaims = FrozenDictionary<string, IReadOnlyList<string>>.Empty;

    // What the roles allow under the policy that was asked last. Two threads may set it at once; both set the same.
    private AccessRights? _rights;

    /// <summary>Makes a principal.</summary>
    /// <param name="kind">What it proved itself with.</param>
    /// <param name="name">Its name, unique among principals of its kind.</param>
    /// <param name="roles">Its roles; order and repetition mean nothing.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public Principal(PrincipalKind kind, string name, IEnumerable<string> roles)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(roles);
        Kind = kind;
        Name = name;
        Roles = [.. roles.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Id = $"{PrefixOf(kind)}:{name}";
    }

    /// <summary>The caller that showed nothing. It has no roles but those that everyone has.</summary>
    public static Principal Anonymous { get; } = new(PrincipalKind.Anonymous, "anonymous", []);

    /// <summary>Its name, unique among principals of its kind. It may have come from outside: quote it where it is written.</summary>
    public string Name { get; }

    /// <summary>Kind and name, such as <c>certificate:billing</c>: unique among all principals, so that a token cannot take the name of a certificate.</summary>
    public string Id { get; }

    /// <summary>What it proved itself with.</summary>
    public PrincipalKind Kind { get; }

    /// <summary>Its roles, sorted, each once.</summary>
    public IReadOnlyList<string> Roles { get; }

    /// <summary>What its credential says beside: of a token the claims that are text, numbers, truth values or lists of these. Empty by default.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Claims { get; init; } = NoClaims;

    /// <summary>When its credential was checked.</summary>
    public DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>When its credential stops being taken, leeway included; <c>null</c>: never. Long streams are cut then.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The SHA-256 of the certificate that it showed or that its token is bound to, in base64url (RFC 8705, section 3.1); <c>null</c>: none.</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>Whether its credential is no longer taken.</summary>
    /// <param name="now">The time.</param>
    /// <returns>Whether it has expired.</returns>
    public bool IsExpired(DateTimeOffset now) => ExpiresAt is DateTimeOffset end && now >= end;

    /// <summary>Kind and name.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Id;

    internal AccessRights RightsUnder(AccessPolicy policy)
    {
        AccessRights? rights = _rights;
        if (rights is null || !ReferenceEquals(rights.Policy, policy))
        {
            _rights = rights = policy.RightsOf(Roles);
        }

        return rights;
    }

    private static string PrefixOf(PrincipalKind kind) => kind switch
    {
        PrincipalKind.Anonymous => "anonymous",
        PrincipalKind.Certificate => "certificate",
        PrincipalKind.Token => "token",
        PrincipalKind.ApiKey => "key",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "It is no kind of principal."),
    };
}
