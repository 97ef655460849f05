using System.CommandLine;
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

    internal static Option<int> MakeOption(string name, string description, int max, int? defaultValue = null)
    {
        Option<int> option = new(name)
        {
            Description = description,
            HelpName = "SIZE",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!TryParse(text, out int size) || size < 1 || size > max)
                {
                    result.AddError($"{name} is '{text}'; it must be a size of 1 byte to {max >> 20}M, for example 64, 16k or 1M.");
                }

                return size;
            },
        };
        if (defaultValue is int value)
        {
            option.DefaultValueFactory = _ => value;
        }

        return option;
    }
}
