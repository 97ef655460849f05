using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Net.Hosting.CommandLine;

/// <summary>The usual help, then examples: most people read those first.</summary>
/// <param name="inner">The usual help.</param>
/// <param name="texts">What follows it, per command.</param>
internal sealed class ExampleHelpAction(HelpAction inner, IReadOnlyDictionary<Command, string> texts) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int result = inner.Invoke(parseResult);
        if (texts.TryGetValue(parseResult.CommandResult.Command, out string? text))
        {
            parseResult.InvocationConfiguration.Output.WriteLine(text);
        }

        return result;
    }
}
