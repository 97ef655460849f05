using System.Diagnostics;
using System.Globalization;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>One end in a process of its own, told what to do line by line over its standard input.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Process _process;

    private PeerProcess(Process process) => _process = process;

    /// <summary>The process's number.</summary>
    internal int Id => _process.Id;

    /// <summary>Starts this program again with other arguments.</summary>
    internal static PeerProcess Start(params string[] arguments)
    {
        ProcessStartInfo start = Pinning.Unpinned(arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        return new PeerProcess(Process.Start(start)!);
    }

    /// <summary>Sends a line and waits for the line that answers it.</summary>
    internal async Task<string> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync().ConfigureAwait(false);
        return await ReadLineAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for a line.</summary>
    internal async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience).ConfigureAwait(false)
            ?? throw new IOException("The other process ended without an answer; what it wrote to its error output says why.");

    /// <summary>Its resident memory after a garbage collection, bytes.</summary>
    internal async Task<long> MeasureAsync() => long.Parse(await AskAsync("measure").ConfigureAwait(false), CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        // The end of its input ends the process.
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
