using System.Globalization;
using Net.Hosting;
using Net.Hosting.CommandLine;
using Net.Hosting.Engines;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>Runs commands in this process, without a terminal and without variables unless the test says otherwise, and keeps what they print.</summary>
/// <param name="change">What the test gives them besides.</param>
internal sealed class HostCommands(Func<HostContext, HostContext>? change = null) : IDisposable
{
    private readonly StringWriter _output = new(CultureInfo.InvariantCulture);
    private readonly StringWriter _error = new(CultureInfo.InvariantCulture);

    internal string Output => _output.ToString();

    internal string Error => _error.ToString();

    /// <summary>Engines of which none runs; what is missing is <c>libwarp</c>.</summary>
    internal static EngineSelector NoEngine => new(
    [
        new EngineCandidate("warp", static () => new MemoryEngine(
            new MemoryNetwork(), new MemoryEngineOptions { Name = "warp", Support = new EngineSupport(false, "apt-get install libwarp", null) })),
    ]);

    internal Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken = default)
    {
        HostContext context = HostContext.ForProcess() with
        {
            OpenInput = static () => Stream.Null,
            Output = _output,
            Error = _error,
            Console = HostContext.MakeConsole(_output, isRedirected: true),
            IsInputRedirected = true,
            ReadKey = static () => null,
            Terminal = null,
            GetEnvironmentVariable = static _ => null,
        };
        return HostCommandLine.RunAsync(arguments, change?.Invoke(context) ?? context, cancellationToken);
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }
}
