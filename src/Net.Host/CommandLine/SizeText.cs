using System.CommandLine.Parsing;
using System.Globalization;

namespace Net.Hosting.CommandLine;

/// <summary>Numbers of bytes as people write them: 64, 16k, 1M; k and M count in 1,024.</summary>
internal static class SizeText
{
    internal static bool TryParse(string text, out int size)
    {
        int unit = text.EndsWith('k') ? 1024 : text.EndsWith('M') ? 1024 * 1024 : 1;
        bool isNumber = int.TryParse(unit == 1 ? text : text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        size = 0;
        if (!isNumber || (long)number * unit > int.MaxValue)
        {
            return false;
        }

        size = number * unit;
        return true;
    }

    internal static int Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!TryParse(text, out int size))
        {
            result.AddError($"'{text}' is no size; write for example 64, 16k or 1M.");
        }

        return size;
    }
}
