using System.Globalization;
using System.Text;

namespace Net.Telemetry;

/// <summary>Names, units, labels and escapes as OpenTelemetry's specification maps them to Prometheus.</summary>
internal static class PrometheusNames
{
    /// <summary>The name of a metric family.</summary>
    internal static string ToName(string name, string unit, bool isMonotonic, bool isGauge)
    {
        var text = new StringBuilder(Clean(name, allowColon: true));
        string suffix = UnitSuffix(unit, isGauge);
        if (suffix.Length > 0 && !HasPart(text.ToString(), suffix))
        {
            text.Append('_').Append(suffix);
        }

        if (isMonotonic && !text.ToString().EndsWith("_total", StringComparison.Ordinal))
        {
            text.Append("_total");
        }

        return text.ToString();
    }

    /// <summary>Adds <c>name="value"</c>, after a comma when something is there.</summary>
    internal static void AppendLabel(StringBuilder labels, string key, object? value)
    {
        if (labels.Length > 0)
        {
            labels.Append(',');
        }

        labels.Append(Clean(key, allowColon: false)).Append("=\"");
        string text = value switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            Array items => string.Join(',', items.Cast<object?>().Select(static item => Convert.ToString(item, CultureInfo.InvariantCulture))),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        foreach (char character in text)
        {
            _ = character switch
            {
                '\\' => labels.Append(@"\\"),
                '"' => labels.Append("\\\""),
                '\n' => labels.Append(@"\n"),
                _ => labels.Append(character),
            };
        }

        labels.Append('"');
    }

    /// <summary>Text for a line of its own.</summary>
    internal static string EscapeHelp(string help) => help.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    // What is not allowed becomes one underscore, however long it is.
    private static string Clean(string name, bool allowColon)
    {
        var text = new StringBuilder(name.Length + 1);
        foreach (char character in name)
        {
            bool isAllowed = char.IsAsciiLetterOrDigit(character) || (allowColon && character == ':');
            if (isAllowed)
            {
                if (text.Length == 0 && char.IsAsciiDigit(character))
                {
                    text.Append('_');
                }

                text.Append(character);
            }
            else if (text.Length == 0 || text[^1] != '_')
            {
                text.Append('_');
            }
        }

        return text.Length == 0 ? "_" : text.ToString();
    }

    private static string UnitSuffix(string unit, bool isGauge)
    {
        if (unit.Length == 0)
        {
            return "";
        }

        int slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0)
        {
            string rate = UnitSuffix(unit[..slash], false);
            string per = unit[(slash + 1)..] switch
            {
                "s" => "per_second",
                "m" => "per_minute",
                "h" => "per_hour",
                var other => "per_" + Clean(other, allowColon: false),
            };
            return rate.Length == 0 ? per : $"{rate}_{per}";
        }

        return unit switch
        {
            "s" => "seconds",
            "ms" => "milliseconds",
            "us" => "microseconds",
            "ns" => "nanoseconds",
            "min" => "minutes",
            "h" => "hours",
            "d" => "days",
            "By" => "bytes",
            "KiBy" => "kibibytes",
            "MiBy" => "mebibytes",
            "%" => "percent",
            // Braces hold notes for people, such as {connection}.
            ['{', ..] => "",
            "1" => isGauge ? "ratio" : "",
            _ => Clean(unit, allowColon: false),
        };
    }

    private static bool HasPart(string name, string part) =>
        name.EndsWith("_" + part, StringComparison.Ordinal) || name.Contains("_" + part + "_", StringComparison.Ordinal);
}
