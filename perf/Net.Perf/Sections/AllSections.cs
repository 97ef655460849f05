using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Net.Perf.Measuring;
using Net.Perf.Reporting;

namespace Net.Perf.Sections;

/// <summary>Every section, each in a process of its own, so that none finds the heap, the threads or the compiled code of another.</summary>
internal static class AllSections
{
    /// <summary>Runs them and puts their reports together.</summary>
    /// <param name="arguments">What the caller gave, for each section.</param>
    /// <param name="isQuick">Whether to leave out what repeats a section in another placement.</param>
    internal static async Task<Report> RunAsync(IReadOnlyList<string> arguments, bool isQuick)
    {
        var report = new Report();
        foreach ((string section, string? placement) in Plan(isQuick))
        {
            long started = Stopwatch.GetTimestamp();
            Console.Error.Write($"{section} {placement} ... ");
            report.Add(await RunAsync(section, placement, arguments).ConfigureAwait(false));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s"));
        }

        return report;
    }

    private static IEnumerable<(string Section, string? Placement)> Plan(bool isQuick)
    {
        yield return ("echo", "--packed");
        if (!isQuick && Environment.ProcessorCount > 1)
        {
            yield return ("echo", "--split");
        }

        yield return ("rpc", "--packed");
        yield return ("bulk", "--packed");
        yield return ("handshake", "--packed");
        yield return ("growth", "--packed");
        yield return ("balancing", "--packed");
        yield return ("resilience", "--packed");
        yield return ("pool", "--packed");
        yield return ("slow-backend", "--packed");
        yield return ("chaos", "--packed");
        yield return ("access", "--packed");
        yield return ("key-timing", "--packed");
        yield return ("idle", null);
    }

    private static async Task<Report> RunAsync(string section, string? placement, IReadOnlyList<string> arguments)
    {
        string file = Path.GetTempFileName();
        try
        {
            List<string> all = [section, .. arguments, "--json", file, "--silent"];
            if (placement is not null)
            {
                all.Add(placement);
            }

            using Process process = Process.Start(Pinning.Unpinned(all))!;
            await process.WaitForExitAsync().ConfigureAwait(false);
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize<Report>(await File.ReadAllTextAsync(file).ConfigureAwait(false))!
                : throw new InvalidOperationException($"The section '{section}' ended with exit code {process.ExitCode}; what it wrote above says why.");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
