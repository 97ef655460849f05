namespace Net.Security;

/// <summary>One right or prohibition as it is written.</summary>
/// <param name="Scope">What it is about: an area, and there a part: <c>grpc</c>, <c>raw</c>, <c>aql:get</c>, <c>http:GET</c>; <c>*</c>: all.</param>
/// <param name="Pattern">Which names there.</param>
internal readonly record struct RightPattern(string Scope, string Pattern)
{
    internal const string Everything = "*";
    internal const string AnyMethod = "http:*";

    private static readonly string[] Operations = ["get", "range", "filter", "set", "update", "delete"];

    /// <summary>Reads a right.</summary>
    /// <param name="text">The text.</param>
    /// <param name="patterns">What it stands for: several where it names several operations.</param>
    /// <returns>What is wrong with it, as the end of a sentence; <c>null</c>: nothing.</returns>
    internal static string? Read(string? text, List<RightPattern> patterns)
    {
        const string forms = "; write *, grpc:SERVICE/METHOD, aql:OPERATION:COLLECTION, raw:ROUTE or http:METHOD:PATH";
        if (text == Everything)
        {
            patterns.Add(new(Everything, Everything));
            return null;
        }

        string[] parts = text?.Split(':', 2) ?? [];
        return parts switch
        {
            ["grpc", var pattern] => ReadGrpc(pattern, patterns),
            ["raw", var pattern] => AddOne("raw", pattern, patterns),
            ["aql", var rest] => ReadAql(rest.Split(':', 2), patterns),
            ["http", var rest] => ReadHttp(rest.Split(':', 2), patterns),
            _ => $"is no right{forms}",
        };
    }

    internal static string ScopeOf(QueryOperation operation) => operation switch
    {
        QueryOperation.Get => "aql:get",
        QueryOperation.Range => "aql:range",
        QueryOperation.Filter => "aql:filter",
        QueryOperation.Set => "aql:set",
        QueryOperation.Update => "aql:update",
        QueryOperation.Delete => "aql:delete",
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "It is no operation."),
    };

    private static string? ReadGrpc(string pattern, List<RightPattern> patterns)
    {
        bool isName = pattern == Everything || pattern.EndsWith('*') || pattern.Count(static c => c == '/') == 1;
        return pattern.StartsWith('/') ? "begins with / after grpc:; write grpc:package.Service/Method"
            : isName ? AddOne("grpc", pattern, patterns)
            : "names no method; write grpc:package.Service/Method, or grpc:package.Service/* for all of them";
    }

    private static string? ReadAql(string[] parts, List<RightPattern> patterns)
    {
        if (parts.Length != 2)
        {
            return "has no collection; write aql:OPERATION:COLLECTION";
        }

        string[] operations = parts[0] switch
        {
            Everything => Operations,
            "read" => Operations[..3],
            "write" => Operations[3..],
            _ => Array.IndexOf(Operations, parts[0]) >= 0 ? [parts[0]] : [],
        };
        if (operations.Length == 0)
        {
            return $"has an operation that is none of {string.Join(", ", Operations)}, read, write and *";
        }

        string? fault = null;
        foreach (string operation in operations)
        {
            fault ??= AddOne($"aql:{operation}", parts[1], patterns);
        }

        return fault;
    }

    private static string? ReadHttp(string[] parts, List<RightPattern> patterns)
    {
        if (parts.Length != 2 || parts[0].Length == 0 || (parts[0] != Everything && !parts[0].All(char.IsAsciiLetterUpper)))
        {
            return "has no method in capitals; write http:GET:/path, or http:*:/path for every method";
        }

        string path = parts[1];
        bool isPrefix = path.EndsWith('*');
        string plain = isPrefix ? path[..^1] : path;
        if (path != Everything && (!plain.StartsWith('/') || HttpPath.Normalize(plain).Length != plain.Length + (plain.Length > 1 && plain.EndsWith('/') ? -1 : 0)))
        {
            return "has a path that no request could have; it begins with /, and holds no %, \\, //, . and .. segments, and no control characters";
        }

        return AddOne($"http:{parts[0]}", isPrefix ? path : HttpPath.Normalize(plain).ToString(), patterns);
    }

    private static string? AddOne(string scope, string pattern, List<RightPattern> patterns)
    {
        int star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (pattern.Length == 0 || (star >= 0 && star != pattern.Length - 1))
        {
            return "needs a name, or a beginning with * after it; * can stand nowhere else";
        }

        patterns.Add(new(scope, pattern));
        return null;
    }
}
