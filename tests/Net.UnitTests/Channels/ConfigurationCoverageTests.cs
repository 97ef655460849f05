using System.Globalization;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.CompilerServices;
using Net.Channels;
using Net.Client;

namespace Net.UnitTests.Channels;

/// <summary>Whatever the options of a channel can say, configuration can say: found by walking the options' own properties, so that a new one is bound, or its absence has a reason.</summary>
[TestClass]
public sealed class ConfigurationCoverageTests
{
    private static PemFolder s_files = null!;

    public static IEnumerable<object[]> Options => ConfiguredOption.All.Select(static o => new object[] { o });

    public static IEnumerable<object[]> Irregular => ConfiguredOption.Irregular.Keys.Select(static k => new object[] { k });

    [ClassInitialize]
    public static void MakeFiles(TestContext context) => s_files = new PemFolder();

    [ClassCleanup]
    public static void DeleteFiles() => s_files.Dispose();

    [TestMethod]
    [DynamicData(nameof(Options))]
    public void Property_OfEachOptions_IsSetByTheKeyOfItsName(ConfiguredOption options)
    {
        object silent = options.Read(ConfiguredOption.Apply(s_files.Path, [.. Beside(options)])) ?? options.Defaults;
        foreach (PropertyInfo property in InitPropertiesOf(options.Type).Where(p => !IsOtherwiseSaid(p)))
        {
            Assert.AreEqual(property.GetValue(options.Defaults), property.GetValue(silent), $"{options.Path}:{property.Name} when nothing is said");
            foreach ((string text, object? expected) in ValuesFor(property, property.GetValue(options.Defaults)))
            {
                NetChannelBuilder builder = ConfiguredOption.Apply(s_files.Path, [.. Beside(options), ($"{options.Path}:{property.Name}", text)]);

                Assert.AreEqual(expected, property.GetValue(options.Read(builder)), $"{options.Path}:{property.Name} = {text}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Irregular))]
    public void Property_WithAKeyOfAnotherName_IsSet(string property)
    {
        (string key, string value, Func<NetChannelBuilder, object?> read, object? expected) = ConfiguredOption.Irregular[property];
        IEnumerable<(string Key, string Value)> beside = ConfiguredOption.All.Where(o => key.StartsWith(o.Path + ":", StringComparison.Ordinal) && o.Path == "Trust").SelectMany(Beside);

        Assert.AreEqual(expected, read(ConfiguredOption.Apply(s_files.Path, [.. beside, (key, value)])));
    }

    [TestMethod]
    public void Types_ThatAChannelIsMadeOf_AreAllKnownHere()
    {
        Type[] known = [typeof(NetChannelOptions), typeof(CallPolicy), typeof(FallbackOptions), .. ConfiguredOption.All.Select(static o => o.Type)];

        CollectionAssert.AreEquivalent(Reachable().Select(static t => t.Name).ToArray(), known.Select(static t => t.Name).ToArray());
    }

    [TestMethod]
    public void Properties_OfAllTypes_AreBoundOrHaveAReason()
    {
        HashSet<Type> regular = [.. ConfiguredOption.All.Select(static o => o.Type)];
        PropertyInfo[] all = [.. Reachable().SelectMany(InitPropertiesOf)];
        string[] lost = [.. all.Where(p => !regular.Contains(p.DeclaringType!) && !IsOtherwiseSaid(p)).Select(NameOf)];
        Assert.IsEmpty(lost, $"Neither bound nor in the list of what code alone can say: {string.Join(", ", lost)}");
        string[] gone = [.. ConfiguredOption.CodeAlone.Keys.Concat(ConfiguredOption.Irregular.Keys).Except(all.Select(NameOf))];
        Assert.IsEmpty(gone, $"No such properties: {string.Join(", ", gone)}");
        Assert.IsTrue(ConfiguredOption.CodeAlone.Values.All(static reason => reason.Length > 0));
    }

    private static IEnumerable<(string Key, string Value)> Beside(ConfiguredOption options) => options.Beside.Select(b => ($"{options.Path}:{b.Key}", b.Value));

    private static string NameOf(PropertyInfo property) => $"{property.DeclaringType!.Name}.{property.Name}";

    private static bool IsOtherwiseSaid(PropertyInfo property) => ConfiguredOption.CodeAlone.ContainsKey(NameOf(property)) || ConfiguredOption.Irregular.ContainsKey(NameOf(property));

    private static IEnumerable<PropertyInfo> InitPropertiesOf(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(static p => p.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true);

    // What the builder takes, what the resolvers and policies that come with the library take, and what those hold.
    private static HashSet<Type> Reachable()
    {
        Assembly client = typeof(NetChannelOptions).Assembly;
        IEnumerable<MethodBase> makers = typeof(NetChannelBuilder).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Concat<MethodBase>(typeof(Balancing).GetMethods(BindingFlags.Public | BindingFlags.Static))
            .Concat(client.GetExportedTypes().Where(static t => t.IsSubclassOf(typeof(EndPointResolver))).SelectMany(static t => t.GetConstructors()))
            .Concat(typeof(CertificateTrust).GetConstructors());
        var found = new HashSet<Type>();
        var open = new Queue<Type>(makers.SelectMany(static m => m.GetParameters()).Select(static p => p.ParameterType).Append(typeof(NetChannelOptions)));
        while (open.TryDequeue(out Type? type))
        {
            bool isOptions = type.Namespace?.StartsWith("Net", StringComparison.Ordinal) == true && type.GetMethod("<Clone>$") is not null && type.GetMethod("Validate") is not null;
            foreach (Type next in isOptions && found.Add(type) ? InitPropertiesOf(type).Select(static p => p.PropertyType) : isOptions ? [] : type.GetGenericArguments())
            {
                open.Enqueue(next);
            }
        }

        return found;
    }

    // A value that is not the default and is within the range of every property there is; one with a range of its own fails here and gets a line.
    private static IEnumerable<(string Text, object? Expected)> ValuesFor(PropertyInfo property, object? known)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type != property.PropertyType)
        {
            yield return ("none", null);
        }

        yield return known switch
        {
            int number => (Text(number + 1), number + 1),
            double ratio => (Text(ratio + 0.01), ratio + 0.01),
            TimeSpan time when time == Timeout.InfiniteTimeSpan => ("00:00:07", TimeSpan.FromSeconds(7)),
            TimeSpan time => ((time + TimeSpan.FromMilliseconds(10)).ToString("c", CultureInfo.InvariantCulture), time + TimeSpan.FromMilliseconds(10)),
            AddressFamily => ("IPv6", AddressFamily.InterNetworkV6),
            Enum choice => Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(v => Enum.ToObject(type, v)).Where(v => !v.Equals(choice)).Select(static v => (v.ToString()!, v)).Last(),
            null when type == typeof(string) => ("north.test", "north.test"),
            _ => throw new NotSupportedException($"{NameOf(property)} is a {type.Name}; say here how configuration writes it."),
        };
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
