using System.Globalization;

namespace Net.Chaos.Scenarios;

/// <summary>Lengths of time, sizes and numbers as people write them in scenarios.</summary>
internal static class ScenarioText
{
    private static readonly (string Suffix, double Seconds)[] Times = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];
    private static readonly (string Suffix, double Bytes)[] Sizes = [("KB", 1024), ("MB", 1 << 20), ("GB", 1 << 30), ("B", 1)];

    /// <summary>Reads 500ms, 30s, 2m or 1h; a unit must be there.</summary>
    internal static bool TryParseTime(string text, out TimeSpan time)
    {
        bool parsed = TryParseWithUnit(text, Times, out double seconds) && seconds <= TimeSpan.FromDays(1).TotalSeconds;
        time = parsed ? TimeSpan.FromSeconds(seconds) : default;
        return parsed;
    }

    /// <summary>Reads 64B, 1KB, 10MB; a number alone counts bytes. K and M count in 1,024.</summary>
    internal static bool TryParseSize(string text, out long bytes)
    {
        bool parsed = (TryParseWithUnit(text, Sizes, out double number) || TryParseNumber(text, out number)) && number <= long.MaxValue / 2 && number == Math.Floor(number);
        bytes = parsed ? (long)number : 0;
        return parsed;
    }

    /// <summary>Reads a number that is not negative; a percent sign divides by a hundred.</summary>
    internal static bool TryParseNumber(string text, out double number)
    {
        bool isPercent = text.EndsWith('%');
        ReadOnlySpan<char> digits = isPercent ? text.AsSpan(0, text.Length - 1).TrimEnd() : text;
        bool parsed = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
        number = isPercent ? number / 100 : number;
        return parsed;
    }

    private static bool TryParseWithUnit(string text, (string Suffix, double Factor)[] units, out double value)
    {
        foreach ((string suffix, double factor) in units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal) && TryParseNumber(text[..^suffix.Length].TrimEnd(), out value))
            {
                value *= factor;
                return true;
            }
        }

        value = 0;
        return false;
    }
}
