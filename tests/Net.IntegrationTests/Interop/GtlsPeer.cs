using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Net.IntegrationTests.Interop;

/// <summary>The HTTP/3 server and client that come with ngtcp2: the same core library as ours, but another application, which has met many other implementations.</summary>
internal static class GtlsPeer
{
    private const int FirstPort = 20_000;
    private const int FirstPortOfTheSystem = 32_768;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static string ServerProgram() => InteropRequirement.RequireProgram("gtlsserver", "ngtcp2-server");

    public static string ClientProgram() => InteropRequirement.RequireProgram("gtlsclient", "ngtcp2-client");

    /// <summary>Starts the server on 127.0.0.1.</summary>
    public static Task<(PeerProcess Process, int Port)> StartServerAsync(InteropCertificates certificates, string files, params string[] options) =>
        StartServerAsync(certificates, files, IPAddress.Loopback, options);

    /// <summary>Starts the server for a directory of files and waits until its port is bound.</summary>
    public static async Task<(PeerProcess Process, int Port)> StartServerAsync(InteropCertificates certificates, string files, IPAddress address, params string[] options)
    {
        int port = FreePort(address);
        PeerProcess process = PeerProcess.Start(
            ServerProgram(),
            ["--no-quic-dump", "--no-http-dump", "-d", files, .. options, address.ToString(), Text(port), certificates.KeyPathOf("server"), certificates.PathOf("server")],
            takesErrors: true);
        try
        {
            using CancellationTokenSource limit = new(Limit);
            while (!IsBound(address, port))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
            }

            return (process, port);
        }
        catch (OperationCanceledException)
        {
            string everything = process.Everything;
            await process.DisposeAsync();
            throw new AssertFailedException($"gtlsserver did not bind port {port} within {Limit.TotalSeconds:0} s.\n{everything}");
        }
    }

    /// <summary>Runs the client against a port of 127.0.0.1.</summary>
    /// <returns>What it printed.</returns>
    public static Task<string> RunClientAsync(int port, string path, string downloads, params string[] options) =>
        RunClientAsync(new IPEndPoint(IPAddress.Loopback, port), path, downloads, options);

    /// <summary>Runs the client until it has fetched a path, or failed to: its exit code does not tell.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunClientAsync(IPEndPoint server, string path, string downloads, params string[] options)
    {
        await using PeerProcess process = PeerProcess.Start(
            ClientProgram(),
            [
                "--no-quic-dump", "--no-http-dump", "--exit-on-all-streams-close", "--sni=localhost", "--timeout=20s", $"--download={downloads}", .. options,
                server.Address.ToString(), Text(server.Port), $"https://localhost:{Text(server.Port)}{path}",
            ]);
        await process.WaitForExitAsync();
        return process.Everything;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // The program cannot be told to choose a port itself. Below those that the system gives out, one that was free stays so until the program has bound it.
    private static int FreePort(IPAddress address)
    {
        while (true)
        {
            int port = RandomNumberGenerator.GetInt32(FirstPort, FirstPortOfTheSystem);
            using Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                socket.Bind(new IPEndPoint(address, port));
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one.
            }
        }
    }

    private static bool IsBound(IPAddress address, int port) =>
        File.ReadAllText(address.AddressFamily == AddressFamily.InterNetwork ? "/proc/net/udp" : "/proc/net/udp6").Contains($":{port:X4} ", StringComparison.Ordinal);
}
