using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>The built <c>net</c> program, run as a user runs it.</summary>
internal static class HostProgram
{
    /// <summary>The program as it lies beside the tests.</summary>
    internal static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "net");

    /// <summary>Ends the test as inconclusive where no QUIC engine runs, with the program's own reasons.</summary>
    internal static async Task RequireEngineAsync()
    {
        SetupRequirement.Linux();
        ScriptResult version = await RunAsync("version");
        if (version.ExitCode != 0)
        {
            SetupRequirement.Missing(version.Everything);
        }
    }

    internal static Task<ScriptResult> RunAsync(params string[] arguments) => ScriptRun.StartAsync(Path, arguments);
}
