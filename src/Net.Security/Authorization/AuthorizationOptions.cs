namespace Net.Security;

/// <summary>Who may do what. What no role of a caller allows is forbidden.</summary>
public sealed record AuthorizationOptions
{
    /// <summary>The role that all callers have, known or not.</summary>
    public const string Everyone = "everyone";

    /// <summary>
    /// Roles by name. Default none. Beside these there are, unless they are named here: <c>admin</c> (everything); <c>user</c> (what <c>reader</c> may, and every gRPC method, AQL operation, raw route and
    /// HTTP path); <c>reader</c> (reads of AQL in all collections, the methods of AQL's service and of gRPC's health, GET and HEAD of <c>/</c>); <c>everyone</c> (nothing).
    /// </summary>
    /// <remarks>Begin with what each kind of caller needs and nothing more; what no role allows is forbidden. Naming a built-in role here replaces it.</remarks>
    public IReadOnlyDictionary<string, RoleOptions> Roles { get; init; } = new Dictionary<string, RoleOptions>();

    /// <summary>The roles that there are without configuration.</summary>
    public static IReadOnlyDictionary<string, RoleOptions> BuiltIn { get; } = new Dictionary<string, RoleOptions>(StringComparer.Ordinal)
    {
        ["admin"] = new RoleOptions { Allow = ["*"] },
        ["user"] = new RoleOptions { Inherits = ["reader"], Allow = ["grpc:*", "aql:*:*", "raw:*", "http:*:*"] },
        ["reader"] = new RoleOptions
        {
            Allow = ["aql:read:*", "grpc:amaters.aql.AqlService/*", "grpc:grpc.health.v1.Health/*", "http:GET:/", "http:HEAD:/"],
        },
        [Everyone] = new RoleOptions(),
    };
}
