using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Net.Ngtcp2;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>What the two processes of the idle connections do.</summary>
internal static class IdlePeer
{
    private const string Protocol = "perf/1";
    private const int AtOnce = 8;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Accepts connections and keeps them. First line out: its port and the certificate to trust.</summary>
    internal static async Task ServeAsync()
    {
        using var certificates = new Certificates();
        var engine = new Ngtcp2Engine();
        await using (engine.ConfigureAwait(false))
        {
            var tls = new ServerTlsOptions { Identity = new TlsIdentity(certificates.Server) };
            TransportListener listener = await engine.ListenAsync(new ListenOptions
            {
                ApplicationProtocols = [Protocol],
                LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
                Tls = (in ClientHello _) => tls,
                MaxConnections = 100_000,
                IdleTimeout = IdleTimeout,
            }).ConfigureAwait(false);
            await using (listener.ConfigureAwait(false))
            {
                List<TransportConnection> accepted = [];
                _ = AcceptAsync(listener, accepted);
                Answer(string.Create(CultureInfo.InvariantCulture, $"{((IPEndPoint)listener.LocalEndPoint).Port} {Convert.ToBase64String(certificates.Authority.RawData)}"));
                await ObeyAsync(static _ => Task.CompletedTask).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Opens connections and keeps them. First line in: the server's port and the certificate to trust; then how many connections there shall be.</summary>
    internal static async Task ConnectAsync()
    {
        string[] server = ((await Console.In.ReadLineAsync().ConfigureAwait(false)) ?? throw new EndOfStreamException("The port and the certificate are missing.")).Split(' ');
        using X509Certificate2 authority = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(server[1]));
        var options = new ConnectOptions
        {
            ApplicationProtocols = [Protocol],
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, int.Parse(server[0], CultureInfo.InvariantCulture)),
            ServerName = Certificates.ServerName,
            Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust([authority]) },
            IdleTimeout = IdleTimeout,
        };
        var engine = new Ngtcp2Engine();
        await using (engine.ConfigureAwait(false))
        {
            List<TransportConnection> open = [];
            Answer("ready");
            await ObeyAsync(async count =>
            {
                while (open.Count < count)
                {
                    int next = Math.Min(AtOnce, count - open.Count);
                    open.AddRange(await Task.WhenAll(Enumerable.Range(0, next).Select(_ => engine.ConnectAsync(options).AsTask())).ConfigureAwait(false));
                }
            }).ConfigureAwait(false);
        }
    }

    private static async Task AcceptAsync(TransportListener listener, List<TransportConnection> accepted)
    {
        while (await listener.AcceptAsync().ConfigureAwait(false) is { } connection)
        {
            accepted.Add(connection);
        }
    }

    private static async Task ObeyAsync(Func<int, Task> grow)
    {
        while (await Console.In.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (line == "measure")
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                Answer(ProcessClock.ResidentBytes.ToString(CultureInfo.InvariantCulture));
            }
            else
            {
                await grow(int.Parse(line, CultureInfo.InvariantCulture)).ConfigureAwait(false);
                Answer("done");
            }
        }
    }

    private static void Answer(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
