using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Net.Chaos.Running.Hosts;

/// <summary>One host of a run: a process that is started, ended, frozen and started again on the same port. Not thread-safe for changes of state; the figures may be read from any thread.</summary>
internal sealed class HostProcess(string name, string directory, HostPlan plan, TimeProvider timeProvider) : IRunHost
{
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _changing = new(1);
    private volatile Process? _process;
    private Task _output = Task.CompletedTask;
    private int _port;

    public string Name => name;

    public string Directory => directory;

    public string? LedgerPath => plan.KeepsLedger ? Path.Combine(directory, "ledger") : null;

    public string EndPoint => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What it wrote to standard error, the beginning.</summary>
    internal string LogPath => Path.Combine(directory, "log");

    private string ReadyPath => Path.Combine(directory, "ready.json");

    /// <summary>Starts it and waits until clients can connect.</summary>
    /// <exception cref="RunException">It ended, or was not ready in time; the message has the end of its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (IsRunning)
            {
                return;
            }

            System.IO.Directory.CreateDirectory(directory);
            File.Delete(ReadyPath);
            _port = _port == 0 && !plan.WritesReadyFile ? FindPort() : _port;
            Process process = Launch();
            _process = process;
            await WaitUntilReadyAsync(process, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Ends it with a signal and waits until it is gone.</summary>
    /// <param name="signal"><see cref="Signals.Kill"/> or <see cref="Signals.Terminate"/>.</param>
    /// <param name="limit">How long to wait; then it is killed and the answer is <c>null</c>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>How it ended: its exit code, 128 and the signal where that ended it; <c>null</c>: not by itself in time, or it did not run.</returns>
    public async Task<int?> EndAsync(int signal, TimeSpan limit, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_process is not { HasExited: false } process)
            {
                return null;
            }

            Signals.Send(process.Id, signal);
            bool ended = await WaitForExitAsync(process, limit, cancellationToken).ConfigureAwait(false);
            if (!ended)
            {
                Signals.Send(process.Id, Signals.Kill);
                await WaitForExitAsync(process, ExitLimit, CancellationToken.None).ConfigureAwait(false);
            }

            return ended ? process.ExitCode : null;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Stops or continues it.</summary>
    /// <returns>Whether the kernel shows it as stopped, or running, afterwards.</returns>
    public async Task<bool> FreezeAsync(bool freeze, CancellationToken cancellationToken)
    {
        if (_process is not { HasExited: false } process || !Signals.Send(process.Id, freeze ? Signals.Stop : Signals.Continue))
        {
            return false;
        }

        // The signal is delivered at once, but each thread must take it.
        for (int i = 0; i < 100; i++)
        {
            if (ReadState(process.Id) is { } state && state == 'T' == freeze)
            {
                return true;
            }

            await Task.Delay(ReadyPoll, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Resident memory in bytes; <c>null</c> when it does not run.</summary>
    public long? ReadMemory()
    {
        try
        {
            if (_process is { HasExited: false } process)
            {
                string line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal)) ?? "";
                return long.TryParse(line.AsSpan(Math.Min(line.Length, 6)).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : null;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // It ended while it was asked.
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false } process)
        {
            // With all that it has started, as a script does that is no more than a way to the server. A frozen process takes no signal but this one.
            process.Kill(entireProcessTree: true);
            await WaitForExitAsync(process, ExitLimit, CancellationToken.None).ConfigureAwait(false);
        }

        _process?.Dispose();
        try
        {
            await _output.WaitAsync(ExitLimit, timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new RunException($"{name} is gone, but something that it had started still runs and holds its output; the command should end in 'exec'.", exception);
        }
    }

    private static int FindPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static char? ReadState(int processId)
    {
        try
        {
            // The name before the state may hold anything but ends with the last parenthesis.
            string text = File.ReadAllText($"/proc/{processId}/stat");
            return text[text.LastIndexOf(')') + 2];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static async Task CopyAsync(StreamReader from, TextWriter log, CancellationToken cancellationToken)
    {
        // Enough to see why a host fails; a host that logs for ever must not fill the disk.
        const int maxLines = 20_000;
        for (int i = 0; await from.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line; i++)
        {
            if (i < maxLines)
            {
                await log.WriteLineAsync(line).ConfigureAwait(false);
            }
        }
    }

    private Process Launch()
    {
        IReadOnlyList<string> command = plan.Fill(name, directory, _port, ReadyPath, LedgerPath);
        var info = new ProcessStartInfo(command[0]) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        foreach (string argument in command.Skip(1))
        {
            info.ArgumentList.Add(argument);
        }

        try
        {
            Process process = Process.Start(info) ?? throw new RunException($"{name}: '{command[0]}' did not start.");
            process.StandardInput.Close();
            _output = Task.WhenAll(_output, LogAsync(process));
            return process;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new RunException($"{name}: '{command[0]}' cannot be started: {exception.Message}", exception);
        }
    }

    private async Task LogAsync(Process process)
    {
        var stream = new FileStream(LogPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        var writer = new StreamWriter(stream) { AutoFlush = true };
        await using (writer.ConfigureAwait(false))
        {
            TextWriter log = TextWriter.Synchronized(writer);
            await Task.WhenAll(CopyAsync(process.StandardOutput, log, CancellationToken.None), CopyAsync(process.StandardError, log, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    private async Task WaitUntilReadyAsync(Process process, CancellationToken cancellationToken)
    {
        if (!plan.WritesReadyFile)
        {
            return;
        }

        long started = timeProvider.GetTimestamp();
        while (!TryReadReady())
        {
            if (process.HasExited || timeProvider.GetElapsedTime(started) > plan.StartLimit)
            {
                string why = process.HasExited ? string.Create(CultureInfo.InvariantCulture, $"ended with exit code {process.ExitCode}") : string.Create(CultureInfo.InvariantCulture, $"was not ready after {plan.StartLimit.TotalSeconds:0} s");
                throw new RunException($"{name} {why}. {EndOfLog()}");
            }

            await Task.Delay(ReadyPoll, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool TryReadReady()
    {
        try
        {
            if (!File.Exists(ReadyPath))
            {
                return false;
            }

            using JsonDocument ready = JsonDocument.Parse(File.ReadAllText(ReadyPath));
            _port = ready.RootElement.GetProperty("port").GetInt32();
            return true;
        }
        catch (Exception exception) when (exception is JsonException or IOException)
        {
            // It is being written.
            return false;
        }
    }

    private string EndOfLog()
    {
        try
        {
            string[] lines = File.Exists(LogPath) ? File.ReadAllLines(LogPath) : [];
            return lines.Length == 0 ? "It wrote nothing." : "Its last words: " + string.Join(" / ", lines.TakeLast(5));
        }
        catch (IOException exception)
        {
            return $"Its log cannot be read: {exception.Message}";
        }
    }

    private async Task<bool> WaitForExitAsync(Process process, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await process.WaitForExitAsync(linked.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
