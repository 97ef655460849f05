using System.Diagnostics;

namespace Net.IntegrationTests.Setup;

/// <summary>Runs one program to its end, with a limit on the time it may take.</summary>
internal static class ScriptRun
{
    // Of those that say none.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    // What make hands to the programs it starts would change what a script or make itself does here.
    private static readonly string[] MakeVariables = ["MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PORT", "CONFIGURATION", "FILTER", "ARGS"];

    public static async Task<ScriptResult> StartAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? workingDirectory = null, TimeSpan? limit = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? RepositoryFiles.Root,
        };
        foreach (string name in MakeVariables)
        {
            start.Environment.Remove(name);
        }

        // Messages are compared as text, so they must not be translated.
        start.Environment["LC_ALL"] = "C";
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.StandardInput.Close();
        TimeSpan longest = limit ?? Limit;
        using CancellationTokenSource over = new(longest);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(over.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(over.Token);
            await process.WaitForExitAsync(over.Token);
            return new ScriptResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} did not end within {longest.TotalSeconds:0} seconds.");
        }
    }
}
