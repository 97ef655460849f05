using System.Globalization;
using Net.Chaos.Judging;
using YamlDotNet.RepresentationModel;

namespace Net.Chaos.Scenarios;

/// <summary>Reads what must hold beside N1 to N6: names of figures with limits.</summary>
internal static class BoundReader
{
    internal static IReadOnlyList<Bound> Read(ScenarioNode scenario)
    {
        var bounds = new List<Bound>();
        if (scenario.Map("must") is not { } node)
        {
            return bounds;
        }

        foreach (KeyValuePair<YamlNode, YamlNode> pair in node.Pairs())
        {
            string figure = ((YamlScalarNode)pair.Key).Value ?? "";
            if (!Figures.Exists(figure))
            {
                node.Fault(pair.Key, $"there is no figure '{figure}'; there are {string.Join(", ", Figures.All.Select(static f => f.Name))}.");
            }
            else if (node.TextOf(pair.Value, figure) is { } text)
            {
                if (TryParse(figure, text, out string comparison, out double value))
                {
                    bounds.Add(new Bound(figure, comparison, value, (int)pair.Key.Start.Line));
                }
                else
                {
                    node.Fault(pair.Value, $"{figure} is '{text}'; it must be a limit such as {Example(figure)}.");
                }
            }
        }

        return bounds;
    }

    private static bool TryParse(string figure, string text, out string comparison, out double value)
    {
        (comparison, string rest) = text switch
        {
            ['>', '=', .. string limit] => (">=", limit),
            ['<', '=', .. string limit] => ("<=", limit),
            ['=', .. string limit] => ("=", limit),
            _ => ("<=", text),
        };

        // What is left of another sign, as of <, => or >>=, makes it no number: a limit is never read as its contrary.
        rest = rest.Trim();
        if (Figures.IsTime(figure))
        {
            bool parsed = ScenarioText.TryParseTime(rest, out TimeSpan time);
            value = time.TotalSeconds;
            return parsed;
        }

        if (Figures.IsSize(figure))
        {
            bool parsed = ScenarioText.TryParseSize(rest, out long bytes);
            value = bytes;
            return parsed;
        }

        return ScenarioText.TryParseNumber(rest, out value);
    }

    private static string Example(string figure) => Figures.IsTime(figure) ? "'<= 5s'" : Figures.IsSize(figure) ? "'<= 32MB'" : string.Create(CultureInfo.InvariantCulture, $"'<= {0}' or '>= 99.9%'");
}
