using System.Security.Cryptography;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>0-RTT.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task EarlyData_ServerAllows_IdempotentStreamIsServed()
    {
        bool can = Can(EngineCapabilities.EarlyData);
        using var server = new HeldServer(PlainTls() with { AllowEarlyData = true });
        TransportListener listener = await ListenAsync(Listening() with { Tls = server.Select });
        var store = new NotifyingTicketStore();
        ClientTlsOptions tls = ClientTls(store: store);
        await ConnectAndTakeTicketAsync(listener, tls, store);

        Task<TransportConnection> accepting = AcceptAsync(listener);
        (TransportConnection client, TransportStream stream) = await SendBeforeTheAnswerAsync(listener, tls, server);
        TransportConnection serverSide = await accepting;
        TransportStream accepted = await serverSide.AcceptStreamAsync().WithTimeout();
        CollectionAssert.AreEqual("early"u8.ToArray(), await accepted.Input.ReadToEndAsync());
        await accepted.SendAllAsync("answer"u8.ToArray());
        CollectionAssert.AreEqual("answer"u8.ToArray(), await stream.Input.ReadToEndAsync());
        await client.HandshakeCompletion.WithTimeout();

        Assert.AreEqual(can ? EarlyDataStatus.Accepted : EarlyDataStatus.None, client.EarlyData);
        Assert.AreEqual(can, accepted.IsEarlyData);
        Assert.IsFalse(stream.IsEarlyData);
        Assert.AreEqual(Protocol, client.ApplicationProtocol);
    }

    [TestMethod]
    public async Task EarlyData_ServerRefusesIt_EarlyStreamFailsAndConnectionWorks()
    {
        bool can = Can(EngineCapabilities.EarlyData);
        using var server = new HeldServer(PlainTls() with { AllowEarlyData = true, TicketKey = RandomNumberGenerator.GetBytes(64) });
        TransportListener listener = await ListenAsync(Listening() with { Tls = server.Select });
        var store = new NotifyingTicketStore();
        ClientTlsOptions tls = ClientTls(store: store);
        await ConnectAndTakeTicketAsync(listener, tls, store);
        server.Tls = server.Tls with { TicketKey = RandomNumberGenerator.GetBytes(64) };

        Task<TransportConnection> accepting = AcceptAsync(listener);
        (TransportConnection client, TransportStream stream) = await SendBeforeTheAnswerAsync(listener, tls, server);
        ConformancePair pair = Own(new ConformancePair(listener, client, await accepting));
        pair.StartEcho();
        if (can)
        {
            TransportException exception = await FailsAsync(TransportError.EarlyDataRejected, () => stream.Input.ReadToEndAsync());
            Assert.IsTrue(exception.IsSafeToRetry);
        }
        else
        {
            CollectionAssert.AreEqual("early"u8.ToArray(), await stream.Input.ReadToEndAsync());
        }

        await client.HandshakeCompletion.WithTimeout();
        Assert.AreEqual(can ? EarlyDataStatus.Rejected : EarlyDataStatus.None, client.EarlyData);
        Assert.IsFalse(client.IsResumed);
        await client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task EarlyData_NonIdempotentStream_WaitsForTheHandshake()
    {
        var store = new NotifyingTicketStore();
        ClientTlsOptions tls = ClientTls(store: store);
        TransportListener listener = await ListenAsync(Listening(PlainTls() with { AllowEarlyData = true }));
        await ConnectAndTakeTicketAsync(listener, tls, store);

        Task<TransportConnection> accepting = AcceptAsync(listener);
        TransportConnection client = await ConnectAsync(Connecting(listener.LocalEndPoint, tls) with { AllowEarlyData = true });
        bool openedAtOnce = client.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out TransportStream? early);
        Assert.IsTrue(!openedAtOnce || client.HandshakeCompletion.IsCompletedSuccessfully, "A non-idempotent stream was opened before the server had answered.");
        TransportStream stream = early ?? await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        Assert.IsTrue(client.HandshakeCompletion.IsCompletedSuccessfully);

        await stream.SendAllAsync("late"u8.ToArray());
        TransportConnection server = await accepting;
        TransportStream accepted = await server.AcceptStreamAsync().WithTimeout();
        CollectionAssert.AreEqual("late"u8.ToArray(), await accepted.Input.ReadToEndAsync());
        Assert.IsFalse(accepted.IsEarlyData);
    }

    // The server answers only when the early bytes are on their way; without early data there is nothing to hold.
    private async Task<(TransportConnection Client, TransportStream Stream)> SendBeforeTheAnswerAsync(
        TransportListener listener, ClientTlsOptions tls, HeldServer server)
    {
        bool can = Can(EngineCapabilities.EarlyData);
        server.IsHeld = can;
        TransportConnection client = await ConnectAsync(Connecting(listener.LocalEndPoint, tls) with { AllowEarlyData = true });
        Assert.AreEqual(can ? EarlyDataStatus.Pending : EarlyDataStatus.None, client.EarlyData);
        Assert.AreEqual(!can, client.HandshakeCompletion.IsCompleted);
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.Idempotent).WithTimeout();
        long? sentBefore = client.GetPathStatistics().BytesSent;
        await stream.SendAllAsync("early"u8.ToArray());
        while (can && client.GetPathStatistics().BytesSent == sentBefore)
        {
            await Task.Yield();
        }

        server.IsHeld = false;
        return (client, stream);
    }

    /// <summary>A server that can be kept from answering a hello.</summary>
    private sealed class HeldServer(ServerTlsOptions tls) : IDisposable
    {
        private readonly ManualResetEventSlim _open = new(initialState: true);
        private ServerTlsOptions _tls = tls;

        public ServerTlsOptions Tls
        {
            get => Volatile.Read(ref _tls);
            set => Volatile.Write(ref _tls, value);
        }

        public bool IsHeld
        {
            set
            {
                if (value)
                {
                    _open.Reset();
                }
                else
                {
                    _open.Set();
                }
            }
        }

        public ServerTlsOptions? Select(in ClientHello hello)
        {
            _open.Wait(TestDeadline.Limit);
            return Tls;
        }

        public void Dispose() => _open.Dispose();
    }
}
