namespace Net.Chaos.Running.Hosts;

/// <summary>Finds the program that serves: <c>net</c>, or what was named.</summary>
internal static class HostProgram
{
    /// <summary>The command that begins with the program; its arguments follow.</summary>
    /// <param name="named">What <c>--host</c> says: an executable or a .dll; <c>null</c>: the one that was built beside this program.</param>
    /// <exception cref="RunException">It is not there.</exception>
    internal static IReadOnlyList<string> Find(string? named)
    {
        if (named is not null)
        {
            return File.Exists(named) ? Command(named) : throw new RunException($"The host program '{named}' (--host) is not there.");
        }

        // Artifacts lie as bin/PROJECT/CONFIGURATION.
        string here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string beside = Path.Combine(here, "..", "..", "Net.Host", Path.GetFileName(here), "net.dll");
        foreach (string candidate in (string[])[Path.Combine(here, "net.dll"), Path.GetFullPath(beside)])
        {
            if (File.Exists(candidate) && File.Exists(Path.ChangeExtension(candidate, ".runtimeconfig.json")))
            {
                return Command(candidate);
            }
        }

        throw new RunException($"The host program was not found beside this one (looked for {Path.GetFullPath(beside)}). Build src/Net.Host, or name it with --host.");
    }

    private static IReadOnlyList<string> Command(string path) => Path.GetExtension(path) == ".dll" ? [Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet", path] : [path];
}
