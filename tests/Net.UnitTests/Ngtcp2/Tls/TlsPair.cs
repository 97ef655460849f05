using System.Net;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Tls;
using Net.UnitTests.Abstractions.Tls;

namespace Net.UnitTests.Ngtcp2.Tls;

/// <summary>A client and a server of which the client's first flight makes the other, and the carrying of datagrams between them.</summary>
internal sealed class TlsPair : IDisposable
{
    private readonly TlsWorld _world;
    private ulong _now = 1;

    private TlsPair(TlsWorld world, TlsEnd client)
    {
        _world = world;
        Client = client;
    }

    public TlsEnd Client { get; }

    public TlsEnd Server { get; private set; } = null!;

    /// <summary>The datagrams that the client sent before it heard of the server.</summary>
    public byte[][] FirstFlight { get; private set; } = [];

    /// <summary>Does a whole handshake and carries datagrams until both ends are silent.</summary>
    public static TlsPair Run(TlsWorld world, SessionTicket? ticket = null, string? earlyText = null)
    {
        var pair = new TlsPair(world, TlsEnd.Connect(world.ConnectOptions, ticket, world.Context, earlyText));
        try
        {
            world.PrepareClient?.Invoke(pair.Client);
            var flight = new Queue<byte[]>();
            pair.Client.Write(pair._now, flight);
            pair.FirstFlight = [.. flight];
            pair.Server = TlsEnd.Accept(pair.FirstFlight[0], world.ListenOptions, world.ServerContext, world.Context);
            world.PrepareServer?.Invoke(pair.Server);
            pair.Pump(flight);
            return pair;
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    /// <summary>Gives a captured first flight to a new server connection, as an attacker would.</summary>
    public static TlsEnd Replay(TlsWorld world, byte[][] firstFlight)
    {
        TlsEnd server = TlsEnd.Accept(firstFlight[0], world.ListenOptions, world.ServerContext, world.Context);
        var ignored = new Queue<byte[]>();
        foreach (byte[] datagram in firstFlight)
        {
            server.Read(datagram, 2, ignored);
        }

        return server;
    }

    /// <summary>Carries datagrams until both ends are silent.</summary>
    public void Pump() => Pump([]);

    public void Dispose()
    {
        Client.Dispose();
        Server?.Dispose();
    }

    private void Pump(Queue<byte[]> toServer)
    {
        var toClient = new Queue<byte[]>();
        for (int round = 0; round < 100; round++)
        {
            _now += 1_000_000;
            Deliver(toServer, Server, toClient);
            Server.Write(_now, toClient);
            Deliver(toClient, Client, toServer);
            Client.Write(_now, toServer);
            if (toServer.Count == 0)
            {
                return;
            }
        }

        Assert.Fail("The ends did not fall silent.");
    }

    private void Deliver(Queue<byte[]> datagrams, TlsEnd end, Queue<byte[]> replies)
    {
        while (datagrams.TryDequeue(out byte[]? datagram))
        {
            end.Read(datagram, _now, replies);
            Assert.AreEqual(0, end.Error, $"{Ngtcp2Errors.Describe(end.Error)} {end.Tls.FailureDetail}");
        }
    }
}

/// <summary>Certificates and options of a client and a server that get on with each other; tests change what they are about.</summary>
internal sealed class TlsWorld
{
    public static readonly TestAuthority Root = TestAuthority.CreateRoot();
    public static readonly TestAuthority ServerLeaf = Root.Issue(new CertificateShape { Subject = "CN=server", DnsNames = ["a.example"], Addresses = ["127.0.0.1"] });
    public static readonly TestAuthority ClientLeaf = Root.Issue(new CertificateShape { Subject = "CN=client" });

    private ServerTlsContext? _serverContext;

    public TlsWorld()
    {
        ServerTls = new ServerTlsOptions { Identity = new TlsIdentity(ServerLeaf.WithKey(), generation: 5) };
        Selector = (in ClientHello _) => ServerTls;
        ClientTls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust([Root.Certificate]) };
    }

    public Clock Clock { get; } = new();

    public ServerTlsOptions ServerTls { get; set; }

    public ServerTlsSelector Selector { get; set; }

    public ClientTlsOptions ClientTls { get; set; }

    public string ServerName { get; set; } = "a.example";

    /// <summary>Changes the client's end before it writes anything.</summary>
    public Action<TlsEnd>? PrepareClient { get; set; }

    /// <summary>Changes the server's end before it reads anything.</summary>
    public Action<TlsEnd>? PrepareServer { get; set; }

    public bool AllowEarlyData { get; set; }

    public string? KeyLogFile { get; set; }

    public string? ServerKeyLogFile { get; set; }

    public string[] ClientProtocols { get; set; } = ["net/1"];

    public string[] ServerProtocols { get; set; } = ["net/1"];

    public TlsSessionContext Context => field ??= new TlsSessionContext(Clock);

    public ServerTlsContext ServerContext => _serverContext ??= new ServerTlsContext((in ClientHello hello) => Selector(hello));

    public ConnectOptions ConnectOptions => new()
    {
        RemoteEndPoint = new DnsEndPoint(ServerName, 443),
        ApplicationProtocols = ClientProtocols,
        Tls = ClientTls,
        AllowEarlyData = AllowEarlyData,
        KeyLogFile = KeyLogFile,
    };

    public ListenOptions ListenOptions => new()
    {
        LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 443),
        ApplicationProtocols = ServerProtocols,
        Tls = Selector,
        KeyLogFile = ServerKeyLogFile,
    };

    /// <summary>Lets the server ask for client certificates and trust those of the root.</summary>
    public TlsWorld WithMutual(ClientCertificateMode mode, bool clientShowsOne = true)
    {
        ServerTls = ServerTls with { ClientCertificateMode = mode, ClientCertificatePolicy = new CertificateTrust([Root.Certificate]) };
        if (clientShowsOne)
        {
            ClientTls = ClientTls with { Identity = new TlsIdentity(ClientLeaf.WithKey(), generation: 7) };
        }

        return this;
    }

    /// <summary>A policy in the hands of a test.</summary>
    public sealed class Policy(Func<PeerCertificateContext, PeerCertificateVerdict> judge) : PeerCertificatePolicy
    {
        public List<PeerCertificateContext> Calls { get; } = [];

        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
        {
            Calls.Add(context);
            return judge(context);
        }
    }
}

/// <summary>A wall clock in the middle of the validity of the test certificates.</summary>
internal sealed class Clock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = TestAuthority.Start.AddDays(1);

    public override DateTimeOffset GetUtcNow() => Now;
}
