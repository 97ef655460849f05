using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;

namespace Net.SecurityTests.Authorization;

[TestClass]
public sealed class AccessPolicyTests
{
    [TestMethod]
    public void MayX_BuiltInRoles_AreWhatTheirDescriptionSays()
    {
        var policy = new AccessPolicy(new AuthorizationOptions());
        Principal admin = Holder("admin");
        Principal user = Holder("user");
        Principal reader = Holder("reader");

        Assert.IsTrue(policy.MayCall(admin, "any.Service/Method") && policy.MayOpen(admin, "any") && policy.MayRequest(admin, "DELETE", "/any") && policy.MayQuery(admin, QueryOperation.Delete, "any"));
        Assert.IsTrue(policy.MayCall(user, "echo.EchoService/Echo") && policy.MayOpen(user, "echo") && policy.MayQuery(user, QueryOperation.Set, "rows"));
        Assert.IsTrue(policy.MayCall(reader, "amaters.aql.AqlService/ExecuteQuery") && policy.MayQuery(reader, QueryOperation.Filter, "rows") && policy.MayRequest(reader, "GET", "/"));
        Assert.IsFalse(policy.MayCall(reader, "crypto.CryptoService/Sign") || policy.MayOpen(reader, "echo") || policy.MayQuery(reader, QueryOperation.Set, "rows") || policy.MayRequest(reader, "POST", "/"));
        Assert.IsFalse(policy.MayCall(Holder("nobody"), "echo.EchoService/Echo") || policy.MayCall(Principal.Anonymous, "grpc.health.v1.Health/Check"));
    }

    [TestMethod]
    public void MayQuery_ProhibitionAnywhere_GoesBeforeEveryRight()
    {
        var policy = new AccessPolicy(new AuthorizationOptions
        {
            Roles = new Dictionary<string, RoleOptions>
            {
                ["base"] = new() { Deny = ["aql:*:secret*"] },
                ["analyst"] = new() { Inherits = ["base"], Allow = ["aql:read:*"] },
            },
        });

        Assert.IsTrue(policy.MayQuery(Holder("analyst"), QueryOperation.Get, "rows"));
        Assert.IsFalse(policy.MayQuery(Holder("analyst"), QueryOperation.Get, "secrets"));
        Assert.IsFalse(policy.MayQuery(Holder("analyst", "admin"), QueryOperation.Get, "secrets"), "Not even together with a role that may do everything.");
        Assert.IsTrue(policy.MayQuery(Holder("admin"), QueryOperation.Get, "secrets"));
    }

    [TestMethod]
    public void Everyone_IsHeldByAllCallers()
    {
        var policy = new AccessPolicy(new AuthorizationOptions
        {
            Roles = new Dictionary<string, RoleOptions> { ["everyone"] = new() { Allow = ["grpc:grpc.health.v1.Health/*"], Deny = ["http:*:/internal*"] } },
        });

        Assert.IsTrue(policy.MayCall(Principal.Anonymous, "grpc.health.v1.Health/Check"));
        Assert.IsTrue(policy.MayCall(Holder("role that is none"), "grpc.health.v1.Health/Check"));
        Assert.IsFalse(policy.MayRequest(Holder("admin"), "GET", "/internal/x"));
    }

    [TestMethod]
    public void Construct_FaultyRoles_NamesAllAtOnce()
    {
        ArgumentException fault = Assert.ThrowsExactly<ArgumentException>(() => new AccessPolicy(new AuthorizationOptions
        {
            Roles = new Dictionary<string, RoleOptions>
            {
                ["a"] = new() { Inherits = ["missing"], Allow = ["grpc:/x/y", "aql:drop:t", "aql:get", "http:get:/x", "http:GET:/a%2fb", "raw:", "everything", "grpc:a*b/c"] },
                ["b c"] = new(),
            },
        }));

        foreach (string expected in new[] { "'missing'", "Allow[0]", "Allow[1]", "Allow[2]", "Allow[3]", "Allow[4]", "Allow[5]", "Allow[6]", "Allow[7]", "'b c'" })
        {
            StringAssert.Contains(fault.Message, expected);
        }
    }

    [TestMethod]
    public void Construct_RolesInACircle_AreRefusedWithTheWayRound()
    {
        ArgumentException fault = Assert.ThrowsExactly<ArgumentException>(() => new AccessPolicy(new AuthorizationOptions
        {
            Roles = new Dictionary<string, RoleOptions>
            {
                ["a"] = new() { Inherits = ["b"] }, ["b"] = new() { Inherits = ["c"] }, ["c"] = new() { Inherits = ["a"] }, ["self"] = new() { Inherits = ["self"] },
            },
        }));

        StringAssert.Contains(fault.Message, "a -> b -> c -> a");
        StringAssert.Contains(fault.Message, "self -> self");
    }

    [TestMethod]
    [DataRow("/api/items", true)]
    [DataRow("/api/items/", true)]
    [DataRow("/API/Items", true)]
    [DataRow("/api/items//", false)]
    [DataRow("//api/items", false)]
    [DataRow("/api/../api/items", false)]
    [DataRow("/api/./items", false)]
    [DataRow("/api%2fitems", false)]
    [DataRow("/api/items%00", false)]
    [DataRow("/api\\items", false)]
    [DataRow("/api/items\u202e", false)]
    [DataRow("/api/items\u200b", false)]
    [DataRow("/api/\uff49tems", false)]
    [DataRow("/api/it\u00ebms", false)]
    [DataRow("/api/items\ud800", false)]
    [DataRow("api/items", false)]
    [DataRow("", false)]
    public void MayRequest_WaysToWriteAPath_AreTheSameOrForbidden(string path, bool expected)
    {
        var policy = new AccessPolicy(new AuthorizationOptions { Roles = new Dictionary<string, RoleOptions> { ["r"] = new() { Allow = ["http:GET:/api/items"] } } });

        Assert.AreEqual(expected, policy.MayRequest(Holder("r"), "GET", path));
        Assert.IsFalse(policy.MayRequest(Holder("r"), "get", path));
    }

    internal static Principal Holder(params string[] roles) => new(PrincipalKind.Token, "x", roles);
}
