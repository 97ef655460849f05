using System.Net;
using System.Net.Sockets;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic;
using Net.Testing;

namespace Net.IntegrationTests.MsQuic;

/// <summary>What is special about the engine over System.Net.Quic; the rest is the conformance suite's.</summary>
[TestClass]
public sealed class MsQuicEngineTests : IAsyncDisposable
{
    private const string Protocol = "test/1";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly MsQuicEngine _engine = new();

    [TestInitialize]
    public void CheckSupport()
    {
        if (_engine.Support.Reason is string reason)
        {
            Assert.Inconclusive(reason);
        }
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync().AsTask().WaitAsync(Limit);

    [TestMethod]
    public async Task ConnectAsync_PolicyThrows_RefusesWithTheCause()
    {
        TransportListener listener = await ListenAsync();
        var policy = new ThrowingPolicy();

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () => await ConnectAsync(listener, policy: policy));

        Assert.AreEqual(TransportError.CertificateRejected, exception.Error);
        Assert.AreSame(policy.Failure, exception.InnerException);
    }

    [TestMethod]
    public async Task ListenAsync_AddressOfNoInterface_Fails()
    {
        // 203.0.113.0/24 is for documentation (RFC 5737): no machine has an address of it.
        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(
            async () => await ListenAsync(o => o with { LocalEndPoint = new IPEndPoint(IPAddress.Parse("203.0.113.7"), 0) }));

        Assert.AreEqual(TransportError.ListenFailed, exception.Error);
    }

    [TestMethod]
    public async Task ListenAsync_PortThatSomebodyElseHoldsAndShares_Fails()
    {
        const int SolSocket = 1;
        const int ReusePort = 15;
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.SetRawSocketOption(SolSocket, ReusePort, BitConverter.GetBytes(1));
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(
            async () => await ListenAsync(o => o with { LocalEndPoint = (IPEndPoint)other.LocalEndPoint! }));

        Assert.AreEqual(TransportError.ListenFailed, exception.Error);
        Assert.AreEqual(SocketError.AddressAlreadyInUse, ((SocketException)exception.InnerException!).SocketErrorCode);
    }

    [TestMethod]
    public async Task ListenAsync_PortOfAnotherListenerHere_IsSharedForAnotherProtocol()
    {
        TransportListener first = await ListenAsync();

        TransportListener second = await ListenAsync(o => o with { LocalEndPoint = first.LocalEndPoint, ApplicationProtocols = ["other/1"] });

        Assert.AreEqual(first.LocalEndPoint, second.LocalEndPoint);
        await second.DisposeAsync();
        await using TransportConnection connection = await ConnectAsync(first);
        Assert.AreEqual(Protocol, connection.ApplicationProtocol);
    }

    [TestMethod]
    public async Task TryOpenStream_BeforeTheLibraryHasOpenedIt_KnowsItsId()
    {
        (TransportConnection client, TransportConnection server) = await ConnectPairAsync();
        var opened = new Dictionary<long, byte>();
        for (byte i = 0; i < 30; i++)
        {
            StreamDirection direction = i % 3 == 0 ? StreamDirection.Unidirectional : StreamDirection.Bidirectional;
            TransportStream? stream;
            if (i % 5 == 0)
            {
                stream = await client.OpenStreamAsync(direction).AsTask().WaitAsync(Limit);
            }
            else
            {
                Assert.IsTrue(client.TryOpenStream(direction, Idempotency.NonIdempotent, out stream), $"Stream {i} was refused.");
            }

            opened.Add(stream.Id, i);
            await stream.Output.WriteAsync(new[] { i }).AsTask().WaitAsync(Limit);
        }

        foreach (byte _ in opened.Values)
        {
            TransportStream accepted = await server.AcceptStreamAsync().AsTask().WaitAsync(Limit);
            byte[] content = await accepted.Input.ReadExactlyAsync(1);
            Assert.AreEqual(opened[accepted.Id], content[0], $"Stream {accepted.Id} carries another's bytes.");
        }
    }

    [TestMethod]
    public async Task OpenStreamAsync_CallerGaveUp_LeavesTheStreamToTheNext()
    {
        (TransportConnection client, TransportConnection server) = await ConnectPairAsync(o => o with { Limits = new TransportLimits { MaxInboundBidirectionalStreams = 1 } });
        TransportStream first = await client.OpenStreamAsync(StreamDirection.Bidirectional).AsTask().WaitAsync(Limit);
        await first.Output.WriteAsync(new byte[1]).AsTask().WaitAsync(Limit);
        TransportStream firstAccepted = await server.AcceptStreamAsync().AsTask().WaitAsync(Limit);
        using var cancel = new CancellationTokenSource();
        Task<TransportStream> waiting = client.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.NonIdempotent, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit));
        var credit = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.StreamCreditChanged += (_, _) => credit.TrySetResult();

        await first.DisposeAsync();
        await firstAccepted.DisposeAsync();
        await credit.Task.WaitAsync(Limit);

        Assert.AreEqual(1, client.AvailableBidirectionalStreams);
        Assert.IsTrue(client.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out TransportStream? second));
        Assert.AreEqual(4, second.Id);
        Assert.AreEqual(0, client.AvailableBidirectionalStreams);
        await second.Output.WriteAsync(new byte[1]).AsTask().WaitAsync(Limit);
        Assert.AreEqual(4, (await server.AcceptStreamAsync().AsTask().WaitAsync(Limit)).Id);
    }

    [TestMethod]
    public async Task Limits_NoInboundStreams_EndIsStillNoticedAndAStreamIsAborted()
    {
        (TransportConnection client, TransportConnection server) = await ConnectPairAsync(
            o => o with { DefaultStreamErrorCode = 9, Limits = new TransportLimits { MaxInboundBidirectionalStreams = 0, MaxInboundUnidirectionalStreams = 0 } });

        TransportStream stray = await client.OpenStreamAsync(StreamDirection.Unidirectional).AsTask().WaitAsync(Limit);
        await stray.Output.WriteAsync(new byte[1]).AsTask().WaitAsync(Limit);
        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => stray.SendCompletion.WaitAsync(Limit));
        await client.CloseAsync(5).AsTask().WaitAsync(Limit);
        ConnectionClose close = await server.Closed.WaitAsync(Limit);

        Assert.AreEqual(TransportError.StreamReset, exception.Error);
        Assert.AreEqual(9L, exception.ApplicationErrorCode);
        Assert.AreEqual(5L, close.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task ConnectAsync_SilentServerAndEngineDisposed_EndsTheAttempt()
    {
        using var silent = new System.Net.Sockets.UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        Task<TransportConnection> connecting = _engine.ConnectAsync(Connecting((IPEndPoint)silent.Client.LocalEndPoint!)).AsTask();

        await _engine.DisposeAsync().AsTask().WaitAsync(Limit);

        Exception exception = await Assert.ThrowsAsync<Exception>(() => connecting.WaitAsync(Limit));
        Assert.IsTrue(exception is ObjectDisposedException or TransportException { Error: TransportError.ConnectFailed }, exception.ToString());
    }

    [TestMethod]
    public async Task DisposeAsync_ConnectionsOpen_ClosesThemAsLostOnThisSide()
    {
        (TransportConnection client, TransportConnection server) = await ConnectPairAsync();

        await _engine.DisposeAsync().AsTask().WaitAsync(Limit);

        Assert.IsTrue(client.Closed.IsCompleted && server.Closed.IsCompleted);
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(async () => await ListenAsync());
    }

    private static ConnectOptions Connecting(IPEndPoint remote, PeerCertificatePolicy? policy = null) => new()
    {
        ApplicationProtocols = [Protocol],
        RemoteEndPoint = remote,
        ServerName = "localhost",
        Tls = new ClientTlsOptions { ServerCertificatePolicy = policy ?? new CertificateTrust(TestCertificates.Shared.Roots) },
    };

    private Task<TransportListener> ListenAsync(Func<ListenOptions, ListenOptions>? change = null)
    {
        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server };
        var options = new ListenOptions { ApplicationProtocols = [Protocol], LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = (in ClientHello _) => tls };
        return _engine.ListenAsync(change is null ? options : change(options)).AsTask();
    }

    private Task<TransportConnection> ConnectAsync(TransportListener listener, PeerCertificatePolicy? policy = null) =>
        _engine.ConnectAsync(Connecting(listener.LocalEndPoint, policy)).AsTask().WaitAsync(Limit);

    private async Task<(TransportConnection Client, TransportConnection Server)> ConnectPairAsync(Func<ListenOptions, ListenOptions>? server = null)
    {
        TransportListener listener = await ListenAsync(server);
        Task<TransportConnection?> accepting = listener.AcceptAsync().AsTask();
        TransportConnection client = await ConnectAsync(listener);
        TransportConnection? accepted = await accepting.WaitAsync(Limit);
        Assert.IsNotNull(accepted);
        return (client, accepted);
    }

    private sealed class ThrowingPolicy : PeerCertificatePolicy
    {
        public Exception Failure { get; } = new InvalidOperationException("This policy is broken.");

        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context) => throw Failure;
    }
}
