using Net.Hosting.Engines;
using Net.Hosting.Watching;
using Spectre.Console;

namespace Net.Hosting;

/// <summary>What the commands get from outside: terminal, clock, chance, environment and engines. Tests give their own.</summary>
internal sealed record HostContext
{
    /// <summary>Opens the standard input, bytes as they are.</summary>
    internal required Func<Stream> OpenInput { get; init; }

    internal required TextWriter Output { get; init; }

    internal required TextWriter Error { get; init; }

    /// <summary>Tables and colours; writes to <see cref="Output"/>.</summary>
    internal required IAnsiConsole Console { get; init; }

    internal required bool IsInputRedirected { get; init; }

    /// <summary>Reads a key at the terminal without showing it; <c>null</c>: no more come.</summary>
    internal required Func<ConsoleKeyInfo?> ReadKey { get; init; }

    /// <summary>What a command draws on live; <c>null</c>: standard input or output is no terminal.</summary>
    internal LiveTerminal? Terminal { get; init; }

    internal required TimeProvider TimeProvider { get; init; }

    internal required Random Random { get; init; }

    internal required Func<string, string?> GetEnvironmentVariable { get; init; }

    internal required EngineSelector Engines { get; init; }

    internal static HostContext ForProcess() => new()
    {
        OpenInput = System.Console.OpenStandardInput,
        Output = System.Console.Out,
        Error = System.Console.Error,
        Console = MakeConsole(System.Console.Out, System.Console.IsOutputRedirected),
        IsInputRedirected = System.Console.IsInputRedirected,
        ReadKey = ReadKeyOfTerminal,
        Terminal = System.Console.IsInputRedirected || System.Console.IsOutputRedirected ? null : new ProcessTerminal(System.Console.Out, TimeProvider.System),
        TimeProvider = TimeProvider.System,
        Random = Random.Shared,
        GetEnvironmentVariable = Environment.GetEnvironmentVariable,
        Engines = EngineSelector.ForProcess(),
    };

    // Ctrl-C gives the line up while one is typed, and is a signal again while a query runs.
    private static ConsoleKeyInfo? ReadKeyOfTerminal()
    {
        System.Console.TreatControlCAsInput = true;
        try
        {
            return System.Console.ReadKey(intercept: true);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
        finally
        {
            System.Console.TreatControlCAsInput = false;
        }
    }

    /// <summary>A console that does not break lines where no terminal asks for it.</summary>
    internal static IAnsiConsole MakeConsole(TextWriter output, bool isRedirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        if (isRedirected)
        {
            console.Profile.Width = 200;
        }

        return console;
    }
}
