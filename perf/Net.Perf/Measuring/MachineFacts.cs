using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Net.Perf.Measuring;

/// <summary>What the figures depend on.</summary>
internal static class MachineFacts
{
    internal static IEnumerable<string> Lines()
    {
        string processor = Read("/proc/cpuinfo").Split('\n').FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim()
            ?? RuntimeInformation.ProcessArchitecture.ToString();
        yield return $"Machine: {processor}, {Directory.GetDirectories("/sys/devices/system/cpu").Count(static d => Path.GetFileName(d) is ['c', 'p', 'u', >= '0' and <= '9', ..])} logical cores, kernel {Read("/proc/sys/kernel/osrelease").Trim()}, load {Read("/proc/loadavg").Split(' ')[0]} at the end";
        var support = new Net.Ngtcp2.Ngtcp2Engine().Support;
        yield return $"Software: {RuntimeInformation.FrameworkDescription}, {(support.IsSupported ? $"libngtcp2 {support.Version}" : $"no ngtcp2 engine: {support.Reason}")}";
        yield return $"Commit: {Commit()}";
        yield return $"Date: {DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC";
    }

    /// <summary>The folder of this repository, found from where the program lies; <c>null</c> when it was copied elsewhere.</summary>
    internal static string? Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Net.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    private static string Commit()
    {
        if (Repository() is not { } folder)
        {
            return "unknown: the program does not lie in its repository";
        }

        string changes = Git(folder, "status", "--porcelain", "--untracked-files=no", "--", "src", "perf/Net.Perf");
        return Git(folder, "rev-parse", "--short=12", "HEAD") is { Length: > 0 } commit ? commit + (changes.Length > 0 ? " with changes that are not committed" : "") : "unknown: git did not tell";
    }

    private static string Git(string folder, params string[] arguments)
    {
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            string answer = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? answer : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no git on this machine.
            return "";
        }
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
