using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <summary>What every engine must do. A subclass for each engine says how to make one.</summary>
/// <remarks>
/// Each test gets two new engines, one for each side. A capability that an engine lacks is not skipped: the test then asserts that the engine refuses, as the contract says.
/// </remarks>
[TestClass]
public abstract partial class EngineConformanceTests
{
    /// <summary>The application protocol that tests use unless they say otherwise.</summary>
    protected const string Protocol = "conformance/1";

    /// <summary>The name that clients connect to unless they say otherwise; the good server certificate holds it.</summary>
    protected const string ServerName = "server.test.example";

    private readonly List<IAsyncDisposable> _owned = [];

    /// <summary>Set by the runner.</summary>
    public TestContext TestContext { get; set; } = null!;

    /// <summary>The client's engine.</summary>
    protected TransportEngine ClientEngine { get; private set; } = null!;

    /// <summary>The server's engine.</summary>
    protected TransportEngine ServerEngine { get; private set; } = null!;

    /// <summary>The address that tests listen on.</summary>
    protected virtual IPAddress Loopback => IPAddress.Loopback;

    /// <summary>Whether continuous integration must not go on when the engine does not run.</summary>
    protected virtual bool IsRequired => false;

    /// <summary>Whether the engine tells the QUIC version on the server's side, too; if not, it says <see cref="QuicVersion.Unknown"/> there.</summary>
    protected virtual bool TellsServerVersion => true;

    /// <summary>Whether the server's side knows from the start how many streams the client allows; if not, it says 0 and opens them nevertheless.</summary>
    protected virtual bool TellsServerFirstCredit => true;

    /// <summary>Bytes beyond window and send buffer that may be under way: packets, a write that began below the limit, and the engine's own granularity.</summary>
    protected virtual int BackPressureSlack => 192 << 10;

    /// <summary>Whether the engine needs the machine to have <see cref="Loopback"/>.</summary>
    protected virtual bool UsesSockets => true;

    /// <summary>Where engines that log write; an error in it fails the test.</summary>
    protected NoUnexpectedErrorsScope Log { get; } = new();

    /// <summary>The certificates.</summary>
    protected static TestCertificates Certificates => TestCertificates.Shared;

    /// <summary>Makes an engine. Called twice for each test; both must reach each other.</summary>
    /// <returns>An engine that the suite disposes.</returns>
    protected abstract TransportEngine CreateEngine();

    /// <summary>Whether the name <c>localhost</c> leads to <see cref="Loopback"/> for the engine.</summary>
    /// <returns>Whether it does.</returns>
    protected virtual async Task<bool> HasLocalhostAsync() => (await Dns.GetHostAddressesAsync("localhost").ConfigureAwait(false)).Contains(Loopback);

    /// <summary>Makes an address that takes datagrams and never answers.</summary>
    /// <returns>The address, and what to dispose.</returns>
    protected virtual (IPEndPoint EndPoint, IDisposable Owner) CreateSilentEndPoint()
    {
        var socket = new System.Net.Sockets.UdpClient(new IPEndPoint(Loopback, 0));
        return ((IPEndPoint)socket.Client.LocalEndPoint!, socket);
    }

    /// <summary>Makes the engines, or says why this cannot run.</summary>
    [TestInitialize]
    public void StartEngines()
    {
        ClientEngine = Own(CreateEngine());
        EngineSupport support = ClientEngine.Support;
        if (!support.IsSupported)
        {
            string reason = $"The {ClientEngine.Name} engine does not run here: {support.Reason}";
            if (IsRequired && Environment.GetEnvironmentVariable("NET_CI") is not (null or ""))
            {
                Assert.Fail(reason);
            }

            Assert.Inconclusive(reason);
        }

        if (UsesSockets && !HasLoopback())
        {
            Assert.Inconclusive($"This machine has no address {Loopback}.");
        }

        ServerEngine = Own(CreateEngine());
    }

    /// <summary>Disposes what the test made, last first.</summary>
    [TestCleanup]
    public async Task StopEngines()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            await _owned[i].DisposeAsync().WithTimeout(awaited: $"disposing {_owned[i].GetType().Name}").ConfigureAwait(false);
        }

        _owned.Clear();
        Log.AssertNone();
    }

    /// <summary>Disposes something at the end of the test.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="disposable">It.</param>
    /// <returns>It.</returns>
    protected T Own<T>(T disposable)
        where T : IAsyncDisposable
    {
        // Both ends of a connection are made at once.
        lock (_owned)
        {
            _owned.Add(disposable);
        }

        return disposable;
    }

    /// <summary>Whether the engine can do something.</summary>
    /// <param name="capability">What.</param>
    /// <returns>Whether it can.</returns>
    protected bool Can(EngineCapabilities capability) => ClientEngine.Capabilities.HasFlag(capability);

    /// <summary>The TLS options of a server that asks for no client certificate.</summary>
    /// <param name="identity">Its identity; <c>null</c>: the good one.</param>
    /// <returns>The options.</returns>
    protected static ServerTlsOptions PlainTls(TlsIdentity? identity = null) => new() { Identity = identity ?? Certificates.Server };

    /// <summary>The TLS options of a server that asks for client certificates of the good authority.</summary>
    /// <param name="mode">How it asks.</param>
    /// <param name="policy">What judges them; <c>null</c>: trust in the good authority.</param>
    /// <returns>The options.</returns>
    protected static ServerTlsOptions MutualTls(ClientCertificateMode mode = ClientCertificateMode.Required, PeerCertificatePolicy? policy = null) => new()
    {
        Identity = Certificates.Server,
        ClientCertificateMode = mode,
        ClientCertificatePolicy = policy ?? new CertificateTrust(Certificates.Roots),
    };

    /// <summary>The TLS options of a client.</summary>
    /// <param name="identity">Its identity, if any.</param>
    /// <param name="policy">What judges the server; <c>null</c>: trust in the good authority.</param>
    /// <param name="store">Where its tickets are kept, if anywhere.</param>
    /// <returns>The options.</returns>
    protected static ClientTlsOptions ClientTls(TlsIdentity? identity = null, PeerCertificatePolicy? policy = null, SessionTicketStore? store = null) => new()
    {
        Identity = identity,
        ServerCertificatePolicy = policy ?? new CertificateTrust(Certificates.Roots),
        TicketStore = store,
    };

    /// <summary>What a server says unless the test says otherwise.</summary>
    /// <param name="tls">Its TLS options; <c>null</c>: without client certificates.</param>
    /// <returns>The options.</returns>
    protected ListenOptions Listening(ServerTlsOptions? tls = null)
    {
        ServerTlsOptions current = tls ?? PlainTls();
        return new ListenOptions
        {
            ApplicationProtocols = [Protocol],
            LocalEndPoint = new IPEndPoint(Loopback, 0),
            Tls = (in ClientHello _) => current,
        };
    }

    /// <summary>What a client says unless the test says otherwise.</summary>
    /// <param name="remote">Where the server is.</param>
    /// <param name="tls">Its TLS options; <c>null</c>: without a certificate.</param>
    /// <returns>The options.</returns>
    protected static ConnectOptions Connecting(IPEndPoint remote, ClientTlsOptions? tls = null) => new()
    {
        ApplicationProtocols = [Protocol],
        RemoteEndPoint = remote,
        ServerName = ServerName,
        Tls = tls ?? ClientTls(),
    };

    /// <summary>Binds a listener that the suite disposes.</summary>
    /// <param name="options">Its options; <c>null</c>: the usual ones.</param>
    /// <returns>The listener.</returns>
    protected async Task<TransportListener> ListenAsync(ListenOptions? options = null) =>
        Own(await ServerEngine.ListenAsync(options ?? Listening()).WithTimeout().ConfigureAwait(false));

    /// <summary>Connects; the suite disposes the connection.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The connection.</returns>
    protected async Task<TransportConnection> ConnectAsync(ConnectOptions options) =>
        Own(await ClientEngine.ConnectAsync(options).WithTimeout().ConfigureAwait(false));

    /// <summary>Accepts; the suite disposes the connection.</summary>
    /// <param name="listener">The listener.</param>
    /// <returns>The connection.</returns>
    protected async Task<TransportConnection> AcceptAsync(TransportListener listener)
    {
        TransportConnection? connection = await listener.AcceptAsync().WithTimeout().ConfigureAwait(false);
        Assert.IsNotNull(connection, "The listener stopped.");
        return Own(connection);
    }

    /// <summary>Makes a listener and one connection to it.</summary>
    /// <param name="client">Changes the client's options.</param>
    /// <param name="server">Changes the server's options.</param>
    /// <returns>The listener and both sides.</returns>
    protected async Task<ConformancePair> ConnectPairAsync(Func<ConnectOptions, ConnectOptions>? client = null, Func<ListenOptions, ListenOptions>? server = null)
    {
        ListenOptions listenOptions = server is null ? Listening() : server(Listening());
        TransportListener listener = await ListenAsync(listenOptions).ConfigureAwait(false);
        return await ConnectPairAsync(listener, client).ConfigureAwait(false);
    }

    /// <summary>Makes one more connection to a listener.</summary>
    /// <param name="listener">The listener.</param>
    /// <param name="client">Changes the client's options.</param>
    /// <returns>The listener and both sides.</returns>
    protected async Task<ConformancePair> ConnectPairAsync(TransportListener listener, Func<ConnectOptions, ConnectOptions>? client = null)
    {
        ArgumentNullException.ThrowIfNull(listener);
        ConnectOptions options = Connecting(listener.LocalEndPoint);
        Task<TransportConnection> accepting = AcceptAsync(listener);
        TransportConnection connection = await ConnectAsync(client is null ? options : client(options)).ConfigureAwait(false);
        return Own(new ConformancePair(listener, connection, await accepting.ConfigureAwait(false)));
    }

    private bool HasLoopback()
    {
        try
        {
            using var socket = new System.Net.Sockets.UdpClient(new IPEndPoint(Loopback, 0));
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>Asserts that a connect fails.</summary>
    /// <param name="expected">How.</param>
    /// <param name="options">The options.</param>
    /// <returns>The exception.</returns>
    protected Task<TransportException> ConnectFailsAsync(TransportError expected, ConnectOptions options) =>
        FailsAsync(expected, async () => await ConnectAsync(options).ConfigureAwait(false));

    /// <summary>Asserts that something fails with a transport error.</summary>
    /// <param name="expected">Which.</param>
    /// <param name="action">What.</param>
    /// <param name="what">Its text, filled in by the compiler.</param>
    /// <returns>The exception.</returns>
    protected static async Task<TransportException> FailsAsync(
        TransportError expected, Func<Task> action, [CallerArgumentExpression(nameof(action))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(action);
        try
        {
            await action().WithTimeout(awaited: what).ConfigureAwait(false);
        }
        catch (TransportException exception)
        {
            Assert.AreEqual(expected, exception.Error, $"{what} failed with: {exception.Message}");
            return exception;
        }

        Assert.Fail($"{what} should have failed with {expected}.");
        throw new InvalidOperationException();
    }

    /// <summary>Asserts that a wait ends by the caller's token.</summary>
    /// <param name="action">The wait.</param>
    /// <param name="token">The token.</param>
    /// <param name="what">Its text, filled in by the compiler.</param>
    /// <returns>A task.</returns>
    protected static async Task CancelsAsync(Func<Task> action, CancellationToken token, [CallerArgumentExpression(nameof(action))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(action);
        try
        {
            await action().WithTimeout(awaited: what).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            Assert.AreEqual(token, exception.CancellationToken, $"{what} was cancelled with another token than the caller's.");
            return;
        }

        Assert.Fail($"{what} should have been cancelled.");
    }

    /// <summary>Asserts that something is refused as not supported, with a reason.</summary>
    /// <param name="action">What.</param>
    /// <param name="what">Its text, filled in by the compiler.</param>
    /// <returns>A task.</returns>
    protected static async Task IsNotSupportedAsync(Func<Task> action, [CallerArgumentExpression(nameof(action))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(action);
        try
        {
            await action().WithTimeout(awaited: what).ConfigureAwait(false);
        }
        catch (NotSupportedException exception)
        {
            Assert.IsGreaterThan(0, exception.Message.Length);
            return;
        }

        Assert.Fail($"{what} should have thrown NotSupportedException.");
    }
}
