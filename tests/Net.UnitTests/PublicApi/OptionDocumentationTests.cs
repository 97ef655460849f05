using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Net.UnitTests.PublicApi;

/// <summary>
/// Each option that a user can set tells its default, what may stand there and when to choose something else, in the documentation that editors show. Advice is what stands in the remarks: a summary says
/// what the option does, and remarks say why and when one would change it.
/// </summary>
[TestClass]
public sealed partial class OptionDocumentationTests
{
    private const int FewestWordsOfAdvice = 2;

    /// <summary>All libraries.</summary>
    private static readonly string[] Scope =
    [
        "Net.Abstractions", "Net.Client", "Net.Channels", "Net.Http3", "Net.Grpc", "Net.Server", "Net.Security", "Net.Ngtcp2", "Net.MsQuic", "Net.Telemetry", "Net.Aql",
    ];

    public static IEnumerable<object[]> Types => FindTypes().Select(static t => new object[] { t });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void Options_EachProperty_TellsDefaultRangeAndAdvice(Type type)
    {
        XElement[] members = [.. XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Descendants("member")];
        List<string> faults = [];
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(static p => p.SetMethod is { IsPublic: true }))
        {
            string name = $"P:{type.FullName}.{property.Name}";
            XElement? member = members.SingleOrDefault(m => (string?)m.Attribute("name") == name);
            faults.AddRange(FaultsOf(property, member).Select(fault => $"{type.Name}.{property.Name} {fault}"));
        }

        Assert.IsEmpty(faults, string.Join(Environment.NewLine, faults));
    }

    [TestMethod]
    [DataRow("<member><summary>How many. Default 7; range 1 to 9.</summary><remarks>More cost memory.</remarks></member>", "")]
    [DataRow("<member><summary>How many. Range 1 to 9.</summary><remarks>More cost memory.</remarks></member>", "does not tell its default")]
    [DataRow("<member><summary>How many. Default 7.</summary><remarks>More cost memory.</remarks></member>", "does not tell its range")]
    [DataRow("<member><summary>How many. Default 7; range 1 to 9.</summary><remarks> </remarks></member>", "gives no advice in its remarks")]
    [DataRow("<member><summary>How many. Default 7; range 1 to 9.</summary></member>", "gives no advice in its remarks")]
    public void FaultsOf_ADocumentation_FindsWhatIsMissing(string documentation, string expected)
    {
        PropertyInfo property = typeof(Client.PoolOptions).GetProperty(nameof(Client.PoolOptions.MaxWaiters))!;

        Assert.AreEqual(expected, string.Join("; ", FaultsOf(property, XElement.Parse(documentation))));
    }

    [TestMethod]
    public void Types_OfTheScope_AreFound()
    {
        string[] names = [.. FindTypes().Select(static t => t.Name)];

        Assert.IsGreaterThan(25, names.Length);
        Assert.Contains("NetChannelOptions", names);
        Assert.Contains("TransportLimits", names);
        Assert.Contains("GrpcClientOptions", names);
        Assert.Contains("CertificateSourceOptions", names);
    }

    private static Type[] FindTypes() => [.. Scope.Select(Assembly.Load).SelectMany(static a => a.GetExportedTypes())
        .Where(static t => (t.Name.EndsWith("Options", StringComparison.Ordinal) || t.Name.EndsWith("Limits", StringComparison.Ordinal)) && t.GetMethod("<Clone>$") is not null && !t.IsAbstract)];

    private static IEnumerable<string> FaultsOf(PropertyInfo property, XElement? member)
    {
        if (member?.Element("summary") is null)
        {
            yield return "has no documentation";
            yield break;
        }

        string all = TextOf(member);
        if (!property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute)) && !Default().IsMatch(all))
        {
            yield return "does not tell its default";
        }

        // What else may stand there is said by the type: an enumeration's values, an object of a class.
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if ((type == typeof(int) || type == typeof(long) || type == typeof(double) || type == typeof(TimeSpan)) && !Range().IsMatch(all))
        {
            yield return "does not tell its range";
        }

        if (member.Element("remarks") is not { } remarks || TextOf(remarks).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < FewestWordsOfAdvice)
        {
            yield return "gives no advice in its remarks";
        }
    }

    // References are empty elements, which are words to a reader.
    private static string TextOf(XElement element) => string.Join(' ', element.DescendantNodes().Select(static node => node switch
    {
        XText text => text.Value,
        XElement { IsEmpty: true } reference => (string?)reference.Attribute("cref") ?? (string?)reference.Attribute("langword") ?? "",
        _ => "",
    }));

    [GeneratedRegex(@"\bDefault\b|\(the default")]
    private static partial Regex Default();

    [GeneratedRegex(@"\b[Rr]ange\b")]
    private static partial Regex Range();
}
