using System.CommandLine;

namespace Net.Hosting.CommandLine;

/// <summary>Where a program answers its operators, as an argument.</summary>
internal static class UrlArgument
{
    internal static Argument<Uri> Make(string name, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = static _ => new Uri("http://127.0.0.1:9090/"),
        CustomParser = static result =>
        {
            string text = result.Tokens[0].Value;
            if (Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "http" or "https")
            {
                return parsed!;
            }

            result.AddError($"'{text}' is no URL; write for example http://127.0.0.1:9090.");
            return new Uri("http://127.0.0.1/");
        },
    };
}
