using System.CommandLine;
using Net.Hosting.Engines;

namespace Net.Hosting.CommandLine;

/// <summary>The choice of the QUIC engine, the same for every command.</summary>
internal static class EngineOption
{
    internal static Option<string> Make(IEnumerable<string> names)
    {
        Option<string> option = new("--engine")
        {
            Description = "The QUIC engine; auto takes the first that runs here.",
            DefaultValueFactory = static _ => EngineSelector.Auto,
            HelpName = string.Join('|', names),
        };
        option.AcceptOnlyFromAmong([.. names]);
        return option;
    }
}
