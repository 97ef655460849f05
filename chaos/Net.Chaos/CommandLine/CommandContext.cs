namespace Net.Chaos.CommandLine;

/// <summary>What a command takes from the process, so that tests can give it something else.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="TimeProvider">Where time comes from.</param>
/// <param name="NewSeed">Draws a seed when none was given.</param>
internal sealed record CommandContext(TextWriter Output, TextWriter Error, TimeProvider TimeProvider, Func<ulong> NewSeed)
{
    internal static CommandContext ForProcess() => new(Console.Out, Console.Error, TimeProvider.System, static () => (ulong)Random.Shared.NextInt64(1, 1L << 53));
}
