using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Net.Security;

namespace Net.SecurityTests;

/// <summary>The guide of the library names what can be set.</summary>
[TestClass]
public sealed class GuideTests
{
    /// <summary>What says nothing about who or what is let in.</summary>
    private static readonly string[] Plumbing = ["TimeProvider", "LoggerFactory"];

    public static IEnumerable<object[]> Options =>
    [
        [typeof(CertificateSourceOptions)], [typeof(PeerRules)], [typeof(CertificateRule)], [typeof(AuthenticationOptions)], [typeof(TokenOptions)], [typeof(TokenIssuer)], [typeof(ApiKeyEntry)],
        [typeof(FailureThrottleOptions)], [typeof(AuthorizationOptions)], [typeof(RoleOptions)], [typeof(AdmissionOptions)], [typeof(AuditOptions)], [typeof(AccessOptions)], [typeof(WatchedFileOptions)],
    ];

    [TestMethod]
    [DynamicData(nameof(Options))]
    public void Guide_EachSetting_IsNamed(Type options)
    {
        string guide = File.ReadAllText(FindGuide());

        // Files of rules write the same name with a small first letter.
        string[] missing =
        [
            .. options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(static p => p.Name)
                .Where(name => !Plumbing.Contains(name) && !Regex.IsMatch(guide, $@"\b[{char.ToLowerInvariant(name[0])}{name[0]}]{name[1..]}\b")),
        ];

        Assert.IsEmpty(missing, $"src/Net.Security/README.md does not say what these of {options.Name} do: {string.Join(", ", missing)}");
    }

    private static string FindGuide([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "src", "Net.Security", "README.md");
}
