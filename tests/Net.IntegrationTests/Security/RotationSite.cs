using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Net.Client;
using Net.IntegrationTests.Ngtcp2;
using Net.Security;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Security;

/// <summary>A server and clients whose certificates lie in files that a test changes, on a real engine and real sockets.</summary>
internal sealed class RotationSite : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _owned = [];
    private int _handled;

    internal RotationSite(TransportEngine engine)
    {
        Engine = engine;
        Authority = new TestAuthority("Site root");
        Files.ReplacePair("server", Authority.IssueServer());
        Files.ReplacePair("client", Authority.IssueClient());
        Files.Replace("ca.pem", Authority.Pem);
        Files.Replace("ca.crl", TestAuthority.ListPem(List(1)));
    }

    internal TransportEngine Engine { get; }

    internal TestAuthority Authority { get; }

    internal CertificateDirectory Files { get; } = new();

    internal CertificateSource Server { get; private set; } = null!;

    internal CertificateSource Client { get; private set; } = null!;

    internal IPEndPoint EndPoint { get; private set; } = null!;

    internal WatchedTicketStore Tickets { get; } = new();

    /// <summary>Streams that reached a handler.</summary>
    internal int Handled => Volatile.Read(ref _handled);

    /// <summary>Opens both sources and listens.</summary>
    internal async Task StartAsync(Func<CertificateSourceOptions, CertificateSourceOptions>? server = null, ServerTlsSelector? selector = null)
    {
        CertificateSourceOptions options = new()
        {
            Name = "server",
            Identities = [Pair("server")],
            TrustFiles = [Files["ca.pem"]],
            RevocationListFiles = [Files["ca.crl"]],
            Role = CertificateRole.Server,
            ClientCertificateMode = ClientCertificateMode.Required,
        };
        Server = Own(CertificateSource.Open(server is null ? options : server(options)));
        Client = Own(CertificateSource.Open(new CertificateSourceOptions
        {
            Name = "client",
            Identities = [Pair("client")],
            TrustFiles = [Files["ca.pem"]],
            RevocationListFiles = [Files["ca.crl"]],
            Role = CertificateRole.Client,
            TicketStore = Tickets,
        }));
        NetServer host = Own(new NetServerBuilder()
            .MapStream("echo", stream =>
            {
                Interlocked.Increment(ref _handled);
                return new EchoHandler().HandleAsync(stream);
            })
            .UseConnectionGuard(Server.Guard)
            .Build());
        EndPoint = await host.ListenAsync(Engine, new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = host.ApplicationProtocols,
            Tls = selector ?? Server.ServerSelector,
        }).WithTimeout();
    }

    internal IdentityInput Pair(string name) => IdentityInput.FromPemFiles(Files[name + ".pem"], Files[name + "-key.pem"]);

    internal byte[] List(int number, params X509Certificate2[] revoked) =>
        Authority.CreateList(number, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(7), revoked);

    /// <summary>Lets a source under a clock look at its files once more.</summary>
    internal static async Task LookAsync(CertificateSource source, ManualTimeProvider time)
    {
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Handle() => looked.TrySetResult();
        source.Looked += Handle;
        time.Advance(source.Options.PollInterval);
        await looked.Task.WithTimeout(awaited: "the source looking at its files");
        source.Looked -= Handle;
    }

    /// <summary>Changes files and waits until a source has taken them by itself.</summary>
    internal static async Task ChangeAsync(CertificateSource source, Action change)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Handle(object? sender, EventArgs e) => changed.TrySetResult();
        source.Changed += Handle;
        change();
        await changed.Task.WithTimeout(awaited: $"the source '{source.Current.Generation}' taking what changed");
        source.Changed -= Handle;
    }

    /// <summary>Changes files and waits until a source has refused them by itself.</summary>
    internal static async Task<CertificateSourceException> RefuseAsync(CertificateSource source, Action change)
    {
        var refused = new TaskCompletionSource<CertificateSourceException>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Handle(object? sender, CertificateRefusedEventArgs e) => refused.TrySetResult(e.Refusal);
        source.Refused += Handle;
        change();
        CertificateSourceException refusal = await refused.Task.WithTimeout(awaited: "the source refusing what changed");
        source.Refused -= Handle;
        return refusal;
    }

    internal Task<TransportConnection> ConnectAsync(ClientTlsOptions? tls = null, string serverName = "localhost", string protocol = RawStreamProtocol.ApplicationProtocol) => OwnAsync(Engine.ConnectAsync(new ConnectOptions
    {
        RemoteEndPoint = EndPoint,
        ServerName = serverName,
        ApplicationProtocols = [protocol],
        Tls = tls ?? Client.Client.Current,
    }).WithTimeout());

    internal static async Task<RawStream> OpenEchoAsync(TransportConnection connection) => await new RawStreamClient(connection).OpenAsync("echo").WithTimeout();

    internal static async Task EchoAsync(RawStream stream, string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        await stream.Output.WriteAsync(bytes).WithTimeout();
        ReadResult result = await stream.Input.ReadAtLeastAsync(bytes.Length).WithTimeout();
        Assert.AreEqual(text, Encoding.ASCII.GetString(result.Buffer.ToArray()));
        stream.Input.AdvanceTo(result.Buffer.End);
    }

    internal T Own<T>(T value)
        where T : IAsyncDisposable
    {
        _owned.Add(value);
        return value;
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            await _owned[i].DisposeAsync().WithTimeout();
        }

        Files.Dispose();
    }

    private async Task<TransportConnection> OwnAsync(Task<TransportConnection> connecting) => Own(await connecting);
}
