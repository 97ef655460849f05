using System.Diagnostics;
using System.Globalization;
using Net.Testing;

namespace Net.IntegrationTests.Aql;

/// <summary>A process that writes to a store and says what was acknowledged.</summary>
internal sealed class WriterProcess : IDisposable
{
    private readonly Process _process;

    private WriterProcess(Process process) => _process = process;

    internal static async Task<WriterProcess> StartAsync(string directory, int writers, long first)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "Net.AqlWriter"),
            [directory, writers.ToString(CultureInfo.InvariantCulture), first.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var writer = new WriterProcess(Process.Start(start)!);
        string? line = await writer._process.StandardOutput.ReadLineAsync().WithTimeout();
        if (line != "ready")
        {
            string error = await writer._process.StandardError.ReadToEndAsync().WithTimeout();
            writer.Dispose();
            throw new InvalidOperationException($"The writer did not begin: {line} {error}");
        }

        return writer;
    }

    /// <summary>Reads acknowledgements, and kills the process after some of them.</summary>
    internal async Task ReadAndKillAsync(int acknowledgements, Action<int, long> acknowledged)
    {
        int count = 0;
        while (await _process.StandardOutput.ReadLineAsync().WithTimeout() is { } line)
        {
            string[] words = line.Split(' ');
            // What the process had still said before it was killed counts as well. Its last number may be cut off, and is then a smaller one.
            if (words is ["ack", var writer, var number] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                acknowledged(int.Parse(writer, CultureInfo.InvariantCulture), value);
            }
            else if (words[0] == "error")
            {
                throw new InvalidOperationException(line);
            }

            if (++count == acknowledgements)
            {
                Kill();
            }
        }

        await _process.WaitForExitAsync().WithTimeout();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    // SIGKILL: the process gets no chance to end anything.
    private void Kill() => _process.Kill();
}
