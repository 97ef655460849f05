namespace Net.IntegrationTests.Setup;

/// <summary>Where the tests find the checkout they were built from, and what belongs to it.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string PathOf(string relativePath) => Path.Combine(Root, relativePath);

    /// <summary>The files git keeps or would keep: tracked ones and new ones that no rule ignores, as relative paths.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync()
    {
        SetupRequirement.Program("git");
        // The checkout may belong to another user than the one who runs the tests, which git refuses unless told.
        ScriptResult result = await ScriptRun.StartAsync(
            "git", ["-c", $"safe.directory={Root}", "-C", Root, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
        if (result.ExitCode != 0)
        {
            SetupRequirement.Missing($"git cannot list the files of {Root}, perhaps because it is no checkout: {result.Error}");
        }

        return [.. result.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(file => File.Exists(PathOf(file)))];
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Net.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"No directory above {AppContext.BaseDirectory} holds Net.sln, so the set-up scripts cannot be found.");
    }
}
