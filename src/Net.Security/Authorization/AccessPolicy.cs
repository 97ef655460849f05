using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Net.Security;

/// <summary>Roles with their inheritance worked out. Immutable; a reload makes a new one.</summary>
/// <remarks>
/// The answer to a request is: forbidden when any role of the caller forbids it, directly or by inheritance; else allowed when any allows it; else forbidden.
/// Services, methods, routes and collections are compared character by character, as what serves them does; HTTP paths without regard to case and to one slash at the end, as routes are.
/// </remarks>
public sealed class AccessPolicy
{
    // Callers choose among these combinations of roles, but cannot make new roles.
    private const int MaxCombinations = 4096;

    private readonly FrozenDictionary<string, (RightPattern[] Allow, RightPattern[] Deny)> _roles;
    private readonly ConcurrentDictionary<string, AccessRights> _rights = new(StringComparer.Ordinal);

    /// <summary>Works a policy out.</summary>
    /// <param name="options">The roles.</param>
    /// <exception cref="ArgumentException">A right cannot be read, a role inherits one that does not exist, or roles inherit each other in a circle; the message lists every fault.</exception>
    public AccessPolicy(AuthorizationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new OptionFaults(nameof(AccessOptions));
        Dictionary<string, RoleOptions> roles = Gather(options, faults);
        var own = new Dictionary<string, (List<RightPattern> Allow, List<RightPattern> Deny)>(StringComparer.Ordinal);
        foreach ((string name, RoleOptions role) in roles)
        {
            own[name] = (ReadRights(role.Allow, name, "Allow", faults), ReadRights(role.Deny, name, "Deny", faults));
            foreach (string parent in role.Inherits)
            {
                if (parent is null || !roles.ContainsKey(parent))
                {
                    faults.Add($"Authorization.Roles['{name}']", $"inherits '{parent}', which is no role; there are {string.Join(", ", roles.Keys.Order(StringComparer.Ordinal))}.");
                }
            }
        }

        faults.ThrowIfAny();
        foreach (string name in roles.Keys.Order(StringComparer.Ordinal))
        {
            if (FindCycle(name, roles) is { } cycle)
            {
                faults.Add($"Authorization.Roles['{name}']", $"inherits itself: {string.Join(" -> ", cycle)}.");
            }
        }

        faults.ThrowIfAny();
        _roles = roles.Keys.ToFrozenDictionary(static name => name, name =>
        {
            string[] all = [.. Closure(name, roles)];
            return (all.SelectMany(role => own[role].Allow).ToArray(), all.SelectMany(role => own[role].Deny).ToArray());
        }, StringComparer.Ordinal);
    }

    /// <summary>The names of all roles, sorted.</summary>
    public IReadOnlyList<string> Roles => [.. _roles.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether a caller may call a gRPC method.</summary>
    /// <param name="principal">The caller.</param>
    /// <param name="method"><c>package.Service/Method</c>, without a slash before it.</param>
    /// <returns>Whether it may.</returns>
    public bool MayCall(Principal principal, ReadOnlySpan<char> method) => RightsOf(principal).MayCall(method);

    /// <summary>Whether a caller may open raw streams of a route.</summary>
    /// <param name="principal">The caller.</param>
    /// <param name="route">The route.</param>
    /// <returns>Whether it may.</returns>
    public bool MayOpen(Principal principal, ReadOnlySpan<char> route) => RightsOf(principal).MayOpen(route);

    /// <summary>Whether a caller may do something with a collection, whether or not it exists.</summary>
    /// <param name="principal">The caller.</param>
    /// <param name="operation">What it would do.</param>
    /// <param name="collection">The name of the collection.</param>
    /// <returns>Whether it may.</returns>
    public bool MayQuery(Principal principal, QueryOperation operation, ReadOnlySpan<char> collection) => RightsOf(principal).MayQuery(operation, collection);

    /// <summary>Whether a caller may make an HTTP request.</summary>
    /// <param name="principal">The caller.</param>
    /// <param name="method">The method, in the letters that it came in.</param>
    /// <param name="path">The path, decoded once, as ASP.NET Core gives it. One that could be read in two ways is forbidden to everybody.</param>
    /// <returns>Whether it may.</returns>
    public bool MayRequest(Principal principal, string method, ReadOnlySpan<char> path) => RightsOf(principal).MayRequest(method, path);

    internal AccessRights RightsOf(IReadOnlyList<string> roles)
    {
        string key = string.Join('\n', roles.Where(_roles.ContainsKey));
        if (_rights.TryGetValue(key, out AccessRights? rights))
        {
            return rights;
        }

        // Of a role that does not exist nothing is allowed; that everyone has the first one is seen to here.
        string[] held = [AuthorizationOptions.Everyone, .. roles.Where(_roles.ContainsKey)];
        rights = new AccessRights(this, [.. held.SelectMany(role => _roles[role].Allow).Distinct()], [.. held.SelectMany(role => _roles[role].Deny).Distinct()]);
        return _rights.Count < MaxCombinations ? _rights.GetOrAdd(key, rights) : rights;
    }

    private AccessRights RightsOf(Principal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return principal.RightsUnder(this);
    }

    private static Dictionary<string, RoleOptions> Gather(AuthorizationOptions options, OptionFaults faults)
    {
        var roles = new Dictionary<string, RoleOptions>(AuthorizationOptions.BuiltIn, StringComparer.Ordinal);
        foreach ((string name, RoleOptions role) in options.Roles ?? new Dictionary<string, RoleOptions>())
        {
            if (string.IsNullOrEmpty(name) || name.Length > 128 || name.Any(char.IsWhiteSpace) || PlainText.IsUnsafe(name))
            {
                faults.Add("Authorization.Roles", $"has a role '{PlainText.Clean(name)}'; a name is 1 to 128 characters without white space and control characters.");
            }
            else if (role?.Inherits is null || role.Allow is null || role.Deny is null)
            {
                faults.Add($"Authorization.Roles['{name}']", "is null, or has a list that is.");
            }
            else
            {
                roles[name] = role;
            }
        }

        return roles;
    }

    private static List<RightPattern> ReadRights(IReadOnlyList<string> texts, string role, string side, OptionFaults faults)
    {
        var rights = new List<RightPattern>();
        for (int i = 0; i < texts.Count; i++)
        {
            if (RightPattern.Read(texts[i], rights) is { } fault)
            {
                faults.Add($"Authorization.Roles['{role}'].{side}[{i}]", $"'{PlainText.Clean(texts[i])}' {fault}.");
            }
        }

        return rights;
    }

    /// <summary>Finds a way from a role back to itself.</summary>
    private static List<string>? FindCycle(string start, Dictionary<string, RoleOptions> roles)
    {
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal);
        var open = new Queue<string>([start]);
        while (open.TryDequeue(out string? name))
        {
            foreach (string parent in roles[name].Inherits)
            {
                if (parent == start)
                {
                    var path = new List<string> { start };
                    for (string at = name; at != start; at = cameFrom[at])
                    {
                        path.Insert(0, at);
                    }

                    path.Insert(0, start);
                    return path;
                }

                if (cameFrom.TryAdd(parent, name))
                {
                    open.Enqueue(parent);
                }
            }
        }

        return null;
    }

    private static HashSet<string> Closure(string start, Dictionary<string, RoleOptions> roles)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([start]);
        while (open.TryPop(out string? name))
        {
            if (all.Add(name))
            {
                foreach (string parent in roles[name].Inherits)
                {
                    open.Push(parent);
                }
            }
        }

        return all;
    }
}
