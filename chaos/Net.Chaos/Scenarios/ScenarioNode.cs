using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Net.Chaos.Scenarios;

/// <summary>A mapping of a scenario file that is read key by key; what nobody asked for is a fault, as is what does not fit.</summary>
/// <param name="map">The mapping.</param>
/// <param name="path">The file, for messages.</param>
/// <param name="faults">Takes the faults.</param>
internal sealed class ScenarioNode(YamlMappingNode map, string path, List<string> faults)
{
    private readonly HashSet<string> _asked = [];

    internal int Line => (int)map.Start.Line;

    internal string File => path;

    /// <summary>Notes a fault at a node's place.</summary>
    internal void Fault(YamlNode at, string text) => faults.Add(string.Create(CultureInfo.InvariantCulture, $"{path}:{at.Start.Line}:{at.Start.Column}: {text}"));

    /// <summary>Notes a fault at the place of the mapping.</summary>
    internal void Fault(string text) => Fault(map, text);

    internal YamlNode? Find(string key)
    {
        _asked.Add(key);
        return map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node) ? node : null;
    }

    internal bool Has(string key) => Find(key) is not null;

    internal string? Text(string key) => Find(key) is { } node ? TextOf(node, key) : null;

    internal TimeSpan? Time(string key, TimeSpan min, TimeSpan max) =>
        Scalar<TimeSpan>(key, ScenarioText.TryParseTime, "a length of time such as 500ms, 30s or 2m", value => value >= min && value <= max, $"{Show(min)} to {Show(max)}");

    internal double? Number(string key, double min, double max) =>
        Scalar<double>(key, ScenarioText.TryParseNumber, "a number", value => value >= min && value <= max, string.Create(CultureInfo.InvariantCulture, $"{min} to {max}"));

    internal int? Integer(string key, int min, int max) =>
        Number(key, min, max) is not { } value ? null : value == Math.Floor(value) ? (int)value : FaultOf<int>(Find(key)!, $"{key} must be a whole number.");

    internal long? Size(string key, long min, long max) =>
        Scalar<long>(key, ScenarioText.TryParseSize, "a size such as 64B, 1KB or 10MB", value => value >= min && value <= max, string.Create(CultureInfo.InvariantCulture, $"{min} to {max} bytes"));

    internal bool? Flag(string key) => Choice<bool>(key, [("true", true), ("false", false)]);

    internal T? Choice<T>(string key, IReadOnlyList<(string Word, T Value)> choices)
        where T : struct
    {
        if (Find(key) is not { } node || TextOf(node, key) is not { } text)
        {
            return null;
        }

        foreach ((string word, T value) in choices)
        {
            if (word == text)
            {
                return value;
            }
        }

        Fault(node, $"{key} is '{text}'; it must be {string.Join(", ", choices.Select(static c => c.Word))}.");
        return null;
    }

    /// <summary>A list of words; one word alone is a list, too.</summary>
    internal IReadOnlyList<string>? Words(string key) => Find(key) is { } node ? WordsOf(node, key) : null;

    internal IReadOnlyList<string> WordsOf(YamlNode node, string key)
    {
        if (node is YamlScalarNode)
        {
            return TextOf(node, key) is { } text ? [text] : [];
        }

        if (node is YamlSequenceNode sequence)
        {
            return [.. sequence.Children.Select(child => TextOf(child, key)).OfType<string>()];
        }

        Fault(node, $"{key} must be a word or a list of words.");
        return [];
    }

    /// <summary>A mapping below a key; <c>null</c> when it is not there.</summary>
    internal ScenarioNode? Map(string key) => Find(key) is { } node ? MapOf(node, key) : null;

    internal ScenarioNode? MapOf(YamlNode node, string key)
    {
        if (node is YamlMappingNode inner)
        {
            return new ScenarioNode(inner, path, faults);
        }

        Fault(node, $"{key} must be a mapping of names to values.");
        return null;
    }

    /// <summary>The items of a list of mappings.</summary>
    internal IEnumerable<ScenarioNode> Maps(string key)
    {
        YamlNode? node = Find(key);
        if (node is null)
        {
            yield break;
        }

        if (node is not YamlSequenceNode sequence)
        {
            Fault(node, $"{key} must be a list: lines that begin with a dash.");
            yield break;
        }

        foreach (YamlNode child in sequence.Children)
        {
            if (MapOf(child, key) is { } item)
            {
                yield return item;
            }
        }
    }

    internal IEnumerable<KeyValuePair<YamlNode, YamlNode>> Pairs()
    {
        foreach (KeyValuePair<YamlNode, YamlNode> pair in map.Children)
        {
            _asked.Add(((YamlScalarNode)pair.Key).Value ?? "");
            yield return pair;
        }
    }

    /// <summary>Notes every key that nobody asked for.</summary>
    internal void EndOfKeys()
    {
        foreach (YamlNode key in map.Children.Keys)
        {
            string name = (key as YamlScalarNode)?.Value ?? "?";
            if (!_asked.Contains(name))
            {
                Fault(key, $"there is no '{name}' here; there are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}.");
            }
        }
    }

    internal string? TextOf(YamlNode node, string key)
    {
        if (node is YamlScalarNode { Value: { Length: > 0 } value })
        {
            return value;
        }

        Fault(node, $"{key} must be a single value.");
        return null;
    }

    private delegate bool TryParse<T>(string text, out T value);

    private T? Scalar<T>(string key, TryParse<T> parse, string kind, Func<T, bool> fits, string range)
        where T : struct
    {
        if (Find(key) is not { } node || TextOf(node, key) is not { } text)
        {
            return null;
        }

        if (!parse(text, out T value))
        {
            return FaultOf<T>(node, $"{key} is '{text}'; it must be {kind}.");
        }

        return fits(value) ? value : FaultOf<T>(node, $"{key} is {text}; it must be {range}.");
    }

    private T? FaultOf<T>(YamlNode node, string text)
        where T : struct
    {
        Fault(node, text);
        return null;
    }

    private static string Show(TimeSpan time) => time < TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.###}ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###}s");
}
