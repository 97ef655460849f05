using System.CommandLine.Parsing;
using System.Globalization;

namespace Net.Hosting.CommandLine;

/// <summary>Lengths of time as people write them: 500ms, 30s, 2m, 1h; a number alone counts seconds.</summary>
internal static class DurationText
{
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];

    internal static bool TryParse(string text, out TimeSpan duration)
    {
        (string suffix, double seconds) = Units.FirstOrDefault(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal), ("", 1));
        duration = default;

        // The names of what is no number are read whatever the style allows.
        if (!double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            || number * seconds is not >= 0 || number * seconds > TimeSpan.FromDays(30).TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(number * seconds);
        return true;
    }

    internal static TimeSpan Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!TryParse(text, out TimeSpan duration))
        {
            result.AddError($"'{text}' is no length of time; write for example 500ms, 30s, 2m or 1h.");
        }

        return duration;
    }
}
