using System.Collections.Frozen;

namespace Net.Security;

/// <summary>What a set of roles allows under one policy. A prohibition goes before a right, and no right is a prohibition: the order of rules and roles means nothing.</summary>
internal sealed class AccessRights
{
    private readonly Side _allow;
    private readonly Side _deny;

    internal AccessRights(AccessPolicy policy, IReadOnlyCollection<RightPattern> allow, IReadOnlyCollection<RightPattern> deny)
    {
        Policy = policy;
        _allow = new Side(allow);
        _deny = new Side(deny);
    }

    internal AccessPolicy Policy { get; }

    internal bool MayCall(ReadOnlySpan<char> method) => !_deny.Grpc.Holds(method) && _allow.Grpc.Holds(method);

    internal bool MayOpen(ReadOnlySpan<char> route) => !_deny.Raw.Holds(route) && _allow.Raw.Holds(route);

    internal bool MayQuery(QueryOperation operation, ReadOnlySpan<char> collection) =>
        !_deny.Queries[(int)operation].Holds(collection) && _allow.Queries[(int)operation].Holds(collection);

    /// <summary>Whether a request is allowed; its path is as the server decoded it.</summary>
    internal bool MayRequest(string method, ReadOnlySpan<char> path)
    {
        path = HttpPath.Normalize(path);
        return !path.IsEmpty && !_deny.MayRequest(method, path) && _allow.MayRequest(method, path);
    }

    private sealed class Side
    {
        private readonly FrozenDictionary<string, PatternSet> _http;
        private readonly PatternSet _anyMethod;

        internal Side(IReadOnlyCollection<RightPattern> patterns)
        {
            bool isAll = patterns.Any(static pattern => pattern.Scope == RightPattern.Everything);
            PatternSet Of(string scope, StringComparison comparison = StringComparison.Ordinal)
            {
                string[] names = isAll ? [RightPattern.Everything] : [.. patterns.Where(pattern => pattern.Scope == scope).Select(static pattern => pattern.Pattern)];
                return names.Length == 0 ? PatternSet.None : new PatternSet(names, comparison);
            }

            Grpc = Of("grpc");
            Raw = Of("raw");
            Queries = [.. Enum.GetValues<QueryOperation>().Select(operation => Of(RightPattern.ScopeOf(operation)))];
            _anyMethod = Of(RightPattern.AnyMethod, StringComparison.OrdinalIgnoreCase);
            _http = patterns.Select(static pattern => pattern.Scope)
                .Where(static scope => scope.StartsWith("http:", StringComparison.Ordinal) && scope != RightPattern.AnyMethod)
                .Distinct(StringComparer.Ordinal)
                .ToFrozenDictionary(static scope => scope["http:".Length..], scope => Of(scope, StringComparison.OrdinalIgnoreCase), StringComparer.Ordinal);
        }

        internal PatternSet Grpc { get; }

        internal PatternSet Raw { get; }

        internal PatternSet[] Queries { get; }

        internal bool MayRequest(string method, ReadOnlySpan<char> path) =>
            _anyMethod.Holds(path) || (_http.TryGetValue(method, out PatternSet? paths) && paths.Holds(path));
    }
}
