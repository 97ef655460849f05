using System.Diagnostics;

namespace Net.IntegrationTests.Interop;

/// <summary>A foreign QUIC program as a child process: its lines as they come, and its end by process id when the test is over.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _output = [];
    private readonly List<string> _everything = [];
    private readonly Task _readers;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PeerProcess(Process process, bool takesErrors)
    {
        _process = process;
        _readers = Task.WhenAll(ReadAsync(process.StandardOutput, isOutput: true), ReadAsync(process.StandardError, isOutput: takesErrors));
    }

    /// <summary>All it has printed so far, for the message of a failed test.</summary>
    public string Everything
    {
        get
        {
            lock (_lock)
            {
                return $"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)}\n{string.Join('\n', _everything)}";
            }
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="takesErrors">Whether lines on standard error can be waited for too.</param>
    public static PeerProcess Start(string program, IEnumerable<string> arguments, string? workingDirectory = null, bool takesErrors = false)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        return new PeerProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."), takesErrors);
    }

    /// <summary>Waits for a line and takes it out, so that the next wait finds a later or another one.</summary>
    public async Task<string> TakeLineAsync(Func<string, bool> isWanted, string what)
    {
        using CancellationTokenSource limit = new(Limit);
        while (true)
        {
            Task changed;
            bool hasEnded;
            lock (_lock)
            {
                int found = _output.FindIndex(line => isWanted(line));
                if (found >= 0)
                {
                    string line = _output[found];
                    _output.RemoveAt(found);
                    return line;
                }

                changed = _changed.Task;
                hasEnded = _readers.IsCompleted;
            }

            if (hasEnded)
            {
                throw new AssertFailedException($"The peer ended without {what}.\n{Everything}");
            }

            try
            {
                await Task.WhenAny(changed, _readers).WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new AssertFailedException($"The peer did not print {what} within {Limit.TotalSeconds:0} s.\n{Everything}");
            }
        }
    }

    /// <summary>Ends its standard input, which some scripts wait for.</summary>
    public void EndInput() => _process.StandardInput.Close();

    /// <summary>Waits for the program to end by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        using CancellationTokenSource limit = new(Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            await _readers;
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new AssertFailedException($"The peer did not end within {Limit.TotalSeconds:0} s.\n{Everything}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await _readers;
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader, bool isOutput)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lock)
            {
                if (isOutput)
                {
                    _output.Add(line);
                }

                _everything.Add(line);
                _changed.TrySetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
