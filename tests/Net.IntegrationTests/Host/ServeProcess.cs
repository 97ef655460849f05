using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>A real <c>net serve</c> on a port that the system chose.</summary>
internal sealed partial class ServeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly TemporaryDirectory _directory = new();
    private readonly StringBuilder _output = new();
    private readonly Lock _lock = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _awaited = [];

    private ServeProcess(MadeCertificates certificates, Func<string, string[]> makeArguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        Certificates = certificates;
        ReadyFile = _directory.Combine("ready.json");
        ProcessStartInfo start = new(HostProgram.Path, makeArguments(ReadyFile))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Receive(e.Data);
        _process.ErrorDataReceived += (_, e) => Receive(e.Data);
    }

    internal MadeCertificates Certificates { get; }

    internal string ReadyFile { get; }

    internal int Port { get; private set; }

    /// <summary>Where health and metrics are.</summary>
    internal Uri Admin { get; private set; } = null!;

    internal string Output
    {
        get
        {
            lock (_lock)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    internal static Task<ServeProcess> StartAsync(MadeCertificates certificates, params string[] arguments) => StartAsync(certificates, null, arguments);

    /// <summary>Starts a server with variables of its own and waits until it listens.</summary>
    internal static Task<ServeProcess> StartAsync(MadeCertificates certificates, IReadOnlyDictionary<string, string>? environment, params string[] arguments) => StartAsync(
        certificates,
        readyFile =>
        [
            "serve", "--address", "127.0.0.1", .. arguments.Contains("--port") ? (string[])[] : ["--port", "0"], "--admin", "127.0.0.1:0", "--ready-file", readyFile,
            "--cert", certificates.PathOf("server.pem"), "--key", certificates.PathOf("server-key.pem"), "--ca", certificates.PathOf("ca.pem"),
            "--client-cert", certificates.PathOf("client.pem"), "--client-key", certificates.PathOf("client-key.pem"), .. arguments,
        ],
        environment);

    /// <summary>Starts a server with a command line of the caller's, which gets the place of the ready file and must name it, and waits until it listens.</summary>
    internal static async Task<ServeProcess> StartAsync(
        MadeCertificates certificates, Func<string, string[]> makeArguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ServeProcess server = new(certificates, makeArguments, environment);
        Task ready = server.WaitForAsync("Stop it:");
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        if (await Task.WhenAny(ready, server._process.WaitForExitAsync()) != ready)
        {
            await server.DisposeAsync();
            Assert.Fail($"net serve ended at once with code {server._process.ExitCode}:\n{server.Output}");
        }

        await ready;
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(server.ReadyFile));
        server.Port = json.RootElement.GetProperty("port").GetInt32();
        server.Admin = new Uri($"http://{json.RootElement.GetProperty("admin").GetString()}/");
        return server;
    }

    /// <summary>A command line of a client with the good certificates.</summary>
    internal string[] ClientArguments(params string[] arguments) =>
    [
        .. arguments, "--ca", Certificates.PathOf("ca.pem"), "--cert", Certificates.PathOf("client.pem"), "--key", Certificates.PathOf("client-key.pem"),
    ];

    internal string EndPoint => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Waits for a text in what the server prints.</summary>
    internal async Task WaitForAsync(string text)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_output.ToString().Contains(text, StringComparison.Ordinal))
            {
                return;
            }

            _awaited.Add((text, seen));
        }

        try
        {
            await seen.Task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"net serve did not print '{text}' within {Limit.TotalSeconds:0} s:\n{Output}");
        }
    }

    /// <summary>Waits until so many calls are in flight, as the server counts them.</summary>
    internal async Task WaitForCallsAsync(int count)
    {
        using var http = new HttpClient { BaseAddress = Admin, Timeout = Limit };
        await Waiting.Until(
            async () =>
            {
                using JsonDocument health = JsonDocument.Parse(await http.GetStringAsync("health"));
                return health.RootElement.GetProperty("callsInFlight").GetInt32() == count;
            },
            $"{count} calls in flight");
    }

    internal bool HasExited => _process.HasExited;

    internal void Terminate() => Signal(15);

    /// <summary>Sends it a signal: 2 is what Ctrl-C sends.</summary>
    internal void Signal(int number) => Assert.AreEqual(0, Kill(_process.Id, number));

    /// <summary>Ends it as a crash would.</summary>
    internal Task<int> KillAsync()
    {
        Signal(9);
        return WaitForExitAsync();
    }

    /// <summary>Asks it to read its files again.</summary>
    internal void Hangup() => Assert.AreEqual(0, Kill(_process.Id, 1));

    internal async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync().WaitAsync(Limit);
        _process.Dispose();
        _directory.Dispose();
    }

    private void Receive(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lock)
        {
            _output.Append(line).Append('\n');
            foreach ((string text, TaskCompletionSource seen) in _awaited)
            {
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    seen.TrySetResult();
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
