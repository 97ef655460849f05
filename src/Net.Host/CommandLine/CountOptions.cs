using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Net.Hosting.CommandLine;

/// <summary>Options that are numbers with a range.</summary>
internal static class CountOptions
{
    internal static Option<int> Make(string name, string description, int defaultValue, int min, int max, string valueName = "N") => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result => Parse(result, name, min, max),
        HelpName = valueName,
    };

    internal static int Parse(ArgumentResult result, string name, int min, int max)
    {
        string text = result.Tokens[0].Value;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < min || value > max)
        {
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is '{text}'; it must be a number of {min} to {max}."));
        }

        return value;
    }
}
