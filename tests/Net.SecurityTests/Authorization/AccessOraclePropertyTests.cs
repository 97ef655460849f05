using System.Text.RegularExpressions;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Authorization;

/// <summary>Random roles and requests, with the tricks that get round rules elsewhere, against an oracle that shares no code with the policy: it turns each right into a regular expression.</summary>
[TestClass]
public sealed class AccessOraclePropertyTests
{
    private const int Policies = 500;
    private const int RequestsEach = 200;

    private static readonly string[] Names =
        ["users", "Users", "user", "users2", "logs", "logs/2026", "a.B/Get", "a.B/get", "a.b/Get", "a.B/GetAll", "echo", "Echo", "/", "/api", "/api/x", "/API/X", "/api/x/y", "/apix", "u\u017fers", "\uff55sers"];

    private static readonly string[] Tricks = ["%2f", "%2F", "/", "//", "/.", "/..", "\\", "\0", "\n", "\u202e", "\u200d", "\u0130", "\u212a", " ", "*", "/../users", "\ud800"];
    private static readonly string[] Operations = ["get", "range", "filter", "set", "update", "delete", "read", "write", "*"];
    private static readonly string[] Methods = ["GET", "POST", "*"];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Policy_RandomRolesAndRequests_AgreesWithTheOracle()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int allowed = 0;
        int asked = 0;
        for (int i = 0; i < Policies; i++)
        {
            Dictionary<string, RoleOptions> roles = RandomRoles(random);
            var policy = new AccessPolicy(new AuthorizationOptions { Roles = roles });
            var oracle = new Oracle(roles);
            for (int j = 0; j < RequestsEach; j++)
            {
                string[] held = [.. roles.Keys.Where(_ => random.Next(3) == 0)];
                Principal principal = AccessPolicyTests.Holder(held);
                string name = RandomName(random);
                (string Asked, bool Actual, bool Expected) one = random.Next(4) switch
                {
                    0 => ($"grpc:{name}", policy.MayCall(principal, name), oracle.IsAllowed(held, "grpc", name)),
                    1 => ($"raw:{name}", policy.MayOpen(principal, name), oracle.IsAllowed(held, "raw", name)),
                    2 => AskQuery(policy, oracle, principal, held, (QueryOperation)random.Next(6), name),
                    _ => AskHttp(policy, oracle, principal, held, random.Next(2) == 0 ? "GET" : "POST", name),
                };
                Assert.AreEqual(one.Expected, one.Actual, $"{one.Asked} as {string.Join("+", held)} with {Describe(roles)}");
                asked++;
                allowed += one.Actual ? 1 : 0;
            }
        }

        TestContext.WriteLine($"{asked} requests, {allowed} allowed, 0 differences");
        Assert.AreEqual(100_000, asked);
        Assert.IsTrue(allowed > asked / 20 && allowed < asked * 19 / 20, $"{allowed} of {asked} allowed: the rules that are made say nothing.");
    }

    private static (string, bool, bool) AskQuery(AccessPolicy policy, Oracle oracle, Principal principal, string[] held, QueryOperation operation, string name)
    {
        string verb = operation.ToString().ToLowerInvariant();
        return ($"aql:{verb}:{name}", policy.MayQuery(principal, operation, name), oracle.IsAllowed(held, $"aql:{verb}", name));
    }

    private static (string, bool, bool) AskHttp(AccessPolicy policy, Oracle oracle, Principal principal, string[] held, string method, string name) =>
        ($"http:{method}:{name}", policy.MayRequest(principal, method, name), oracle.IsHttpAllowed(held, method, name));

    private static Dictionary<string, RoleOptions> RandomRoles(Random random)
    {
        var roles = new Dictionary<string, RoleOptions>();
        for (int i = 0; i < 5; i++)
        {
            roles[$"r{i}"] = new RoleOptions
            {
                // Of those before it alone, so that there is no circle.
                Inherits = [.. Enumerable.Range(0, i).Where(_ => random.Next(3) == 0).Select(static r => $"r{r}")],
                Allow = [.. Enumerable.Range(0, random.Next(6)).Select(_ => RandomRight(random))],
                Deny = [.. Enumerable.Range(0, random.Next(2)).Select(_ => RandomRight(random))],
            };
        }

        return roles;
    }

    private static string RandomRight(Random random)
    {
        if (random.Next(40) == 0)
        {
            return "*";
        }

        string[] area = random.Next(4) switch
        {
            0 => ["grpc", .. Names.Where(static n => n.Count(static c => c == '/') == 1 && n[0] != '/')],
            1 => ["raw", .. Names],
            2 => [$"aql:{Operations[random.Next(Operations.Length)]}", .. Names],
            _ => [$"http:{Methods[random.Next(Methods.Length)]}", .. Names.Where(static n => n[0] == '/')],
        };
        string name = area[1 + random.Next(area.Length - 1)];
        string pattern = random.Next(6) switch { 0 => "*", 1 or 2 => name[..random.Next(1, name.Length + 1)] + "*", _ => name };
        return $"{area[0]}:{pattern}";
    }

    private static string RandomName(Random random)
    {
        string name = Names[random.Next(Names.Length)];
        return random.Next(3) switch
        {
            0 => name.Insert(random.Next(name.Length + 1), Tricks[random.Next(Tricks.Length)]),
            1 => random.Next(2) == 0 ? name.ToUpperInvariant() : name.Replace("/", "%2f", StringComparison.Ordinal),
            _ => name,
        };
    }

    private static string Describe(Dictionary<string, RoleOptions> roles) => string.Join("; ", roles.Select(static role =>
        $"{role.Key}({string.Join(",", role.Value.Inherits)}) allow {string.Join(",", role.Value.Allow)} deny {string.Join(",", role.Value.Deny)}"));

    /// <summary>The rules as the documentation has them, in the plainest way.</summary>
    private sealed class Oracle(Dictionary<string, RoleOptions> roles)
    {
        internal bool IsAllowed(IEnumerable<string> held, string area, string name) => Decide(held, right => Matches(right, area, name, RegexOptions.None));

        internal bool IsHttpAllowed(IEnumerable<string> held, string method, string path)
        {
            string[] segments = path.Split('/');
            if (segments[0].Length > 0 || segments.Length < 2 || path.Any(static c => c is '%' or '\\' or '\0' or '\n' or '\u202e' or '\u200d' or '\ud800'))
            {
                return false;
            }

            string plain = path.Length > 1 && path.EndsWith('/') ? path.Remove(path.Length - 1) : path;
            if (plain != "/" && plain.Split('/').Skip(1).Any(static segment => segment is "" or "." or ".."))
            {
                return false;
            }

            return Decide(held, right => Matches(right, $"http:{method}", plain, RegexOptions.IgnoreCase) || Matches(right, "http:*", plain, RegexOptions.IgnoreCase));
        }

        private bool Decide(IEnumerable<string> held, Func<string, bool> matches)
        {
            List<string> all = [.. held.SelectMany(With)];
            return !all.Any(role => roles[role].Deny.Any(matches)) && all.Any(role => roles[role].Allow.Any(matches));
        }

        private IEnumerable<string> With(string role) => roles[role].Inherits.SelectMany(With).Append(role);

        private readonly Dictionary<string, Regex> _expressions = [];

        private bool Matches(string right, string area, string name, RegexOptions options)
        {
            if (right == "*")
            {
                return true;
            }

            string operation = area.StartsWith("aql:", StringComparison.Ordinal) ? area[4..] : "";
            string[] areas = operation.Length == 0 ? [area]
                : [area, "aql:*", operation is "get" or "range" or "filter" ? "aql:read" : "aql:write"];
            string? own = areas.FirstOrDefault(a => right.StartsWith(a + ":", StringComparison.Ordinal));
            if (own is null)
            {
                return false;
            }

            string pattern = right[(own.Length + 1)..];
            string tail = pattern.EndsWith('*') ? "[\\s\\S]*" : "";
            string text = pattern.TrimEnd('*');
            if (options == RegexOptions.IgnoreCase && tail.Length == 0 && text.Length > 1)
            {
                text = text.TrimEnd('/');
            }

            // By letters of ASCII, which is what the rules here are made of; a Turkish i is no i, and a Kelvin sign no k.
            string escaped = string.Concat(text.Select(c => options == RegexOptions.IgnoreCase && char.IsAsciiLetter(c) ? $"[{char.ToLowerInvariant(c)}{char.ToUpperInvariant(c)}]" : Regex.Escape(c.ToString())));
            string expression = $"\\A{escaped}{tail}\\z";
            if (!_expressions.TryGetValue(expression, out Regex? regex))
            {
                _expressions[expression] = regex = new Regex(expression, RegexOptions.CultureInvariant);
            }

            return regex.IsMatch(name);
        }
    }
}
