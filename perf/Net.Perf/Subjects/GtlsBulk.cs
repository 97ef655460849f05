using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>A download with gtlsclient from gtlsserver: the same native library driven from C++, as two processes.</summary>
internal sealed class GtlsBulk : IBulkTransfer
{
    private const string ServerPath = "/usr/sbin/gtlsserver";
    private const string ClientPath = "/usr/bin/gtlsclient";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder;
    private readonly Process _server;
    private readonly int _port;

    private GtlsBulk(string folder, Process server, int port)
    {
        _folder = folder;
        _server = server;
        _port = port;
    }

    /// <summary>Whether both programs are installed.</summary>
    internal static bool IsInstalled => File.Exists(ServerPath) && File.Exists(ClientPath);

    public string Name => "gtlsserver + gtlsclient";

    /// <summary>Starts the server.</summary>
    internal static async Task<GtlsBulk> StartAsync(Certificates certificates)
    {
        string folder = Directory.CreateTempSubdirectory("net-perf-").FullName;
        string key = Path.Combine(folder, "key.pem");
        string certificate = Path.Combine(folder, "certificate.pem");
        using (ECDsa secret = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificates.Server)!)
        {
            await File.WriteAllTextAsync(key, secret.ExportPkcs8PrivateKeyPem()).ConfigureAwait(false);
        }

        await File.WriteAllTextAsync(certificate, certificates.Server.ExportCertificatePem()).ConfigureAwait(false);
        Directory.CreateDirectory(Path.Combine(folder, "www"));
        Directory.CreateDirectory(Path.Combine(folder, "got"));
        int port = FreePort();
        Process server = Start(ServerPath, "-q", "-d", Path.Combine(folder, "www"), "127.0.0.1", port.ToString(CultureInfo.InvariantCulture), key, certificate);
        var bulk = new GtlsBulk(folder, server, port);
        try
        {
            await bulk.CheckAsync().ConfigureAwait(false);
            return bulk;
        }
        catch
        {
            await bulk.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<BulkRound> RunAsync(long bytes)
    {
        string name = Serve(bytes);

        // What the client writes must not count: the file is the null device. That the bytes came is seen on the loopback interface, as the client ends with 0 in any case.
        string target = Path.Combine(_folder, "got", name);
        File.Delete(target);
        File.CreateSymbolicLink(target, "/dev/null");
        long wire = LoopbackBytes();
        long cpu = ProcessClock.Of(_server.Id) + ProcessClock.EndedChildren;
        long started = Stopwatch.GetTimestamp();
        await DownloadAsync(name).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        cpu = ProcessClock.Of(_server.Id) + ProcessClock.EndedChildren - cpu;
        return LoopbackBytes() - wire >= bytes
            ? new BulkRound(bytes, seconds, cpu / 1e9)
            : throw new IOException("gtlsclient ended, but fewer bytes than the file has have passed the loopback interface.");
    }

    public async ValueTask DisposeAsync()
    {
        _server.Kill();
        await _server.WaitForExitAsync().WaitAsync(Patience).ConfigureAwait(false);
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Process Start(string path, params string[] arguments)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static long LoopbackBytes() => long.Parse(File.ReadAllText("/sys/class/net/lo/statistics/rx_bytes"), CultureInfo.InvariantCulture);

    // A sparse file: reading it costs no disk. Each size has a name of its own, as the server keeps what it has once opened.
    private string Serve(long bytes)
    {
        string name = $"file-{bytes}";
        string path = Path.Combine(_folder, "www", name);
        if (!File.Exists(path))
        {
            using FileStream file = File.Create(path);
            file.SetLength(bytes);
        }

        return name;
    }

    // A real file once, to see that the pair works at all.
    private async Task CheckAsync()
    {
        const int CheckBytes = 1 << 20;
        string name = Serve(CheckBytes);
        var target = new FileInfo(Path.Combine(_folder, "got", name));
        for (int attempt = 0; attempt < 5; attempt++)
        {
            await DownloadAsync(name).ConfigureAwait(false);
            target.Refresh();
            if (target is { Exists: true, Length: CheckBytes })
            {
                return;
            }

            await Task.Delay(200).ConfigureAwait(false);
        }

        throw new IOException($"gtlsclient did not bring a file of {CheckBytes} bytes from gtlsserver on port {_port}.");
    }

    private async Task DownloadAsync(string name)
    {
        string port = _port.ToString(CultureInfo.InvariantCulture);
        using Process client = Start(
            ClientPath, "-q", "--exit-on-all-streams-close", "--sni=localhost", "--download=" + Path.Combine(_folder, "got"), "127.0.0.1", port, $"https://localhost:{port}/{name}");
        await client.WaitForExitAsync().WaitAsync(Patience).ConfigureAwait(false);
    }
}
