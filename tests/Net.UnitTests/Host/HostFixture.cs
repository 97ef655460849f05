using Net.Hosting;
using Net.Hosting.CommandLine;
using Net.Hosting.Engines;
using Net.Testing;

namespace Net.UnitTests.Host;

/// <summary>The command line with everything outside it made by the test.</summary>
#pragma warning disable CA1001 // String writers hold nothing that must be freed.
internal sealed class HostFixture
#pragma warning restore CA1001
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    internal Dictionary<string, string> Environment { get; } = [];

    internal List<EngineCandidate> Engines { get; } = [];

    internal Queue<ConsoleKeyInfo> Keys { get; } = [];

    internal string Output => _output.ToString();

    internal string Error => _error.ToString();

    internal static EngineCandidate Missing(string name, string reason) => new(
        name, () => new MemoryEngine(new MemoryNetwork(), new MemoryEngineOptions { Name = name, Support = new EngineSupport(false, reason, null) }));

    internal static EngineCandidate Running(string name, MemoryNetwork? network = null) => new(
        name, () => new MemoryEngine(network ?? new MemoryNetwork(), new MemoryEngineOptions { Name = name }));

    internal HostContext MakeContext() => new()
    {
        OpenInput = static () => Stream.Null,
        Output = _output,
        Error = _error,
        Console = HostContext.MakeConsole(_output, isRedirected: true),
        IsInputRedirected = false,
        ReadKey = () => Keys.TryDequeue(out ConsoleKeyInfo key) ? key : null,
        TimeProvider = TimeProvider.System,
        Random = new Random(1),
        GetEnvironmentVariable = name => Environment.GetValueOrDefault(name),
        Engines = new EngineSelector(Engines.Count == 0 ? [Running("memory")] : Engines),
    };

    internal Task<int> RunAsync(params string[] arguments) => HostCommandLine.RunAsync(arguments, MakeContext()).WithTimeout();
}
