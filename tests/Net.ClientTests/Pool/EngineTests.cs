using System.Net;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>The pool over connections of a real engine, the one in memory.</summary>
[TestClass]
public sealed class EngineTests
{
    [TestMethod]
    public async Task Calls_WhileIdentityChangesAndConnectionsAreLost_AllSucceed()
    {
        using var network = new MemoryNetwork();
        await using var engine = new MemoryEngine(network);
        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server };
        await using TransportListener listener = await engine.ListenAsync(new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = [EngineProtocol.ApplicationProtocol],
            Tls = (in ClientHello _) => tls,
        });
        Task serving = ServeAsync(listener);
        var protocol = new EngineProtocol();
        var source = new RotatingSource();
        var endPoint = new ChannelEndPoint(new TransportEndPoint("127.0.0.1", listener.LocalEndPoint.Port)) { ServerName = "localhost" };
        var channel = new NetChannel(new NetChannelOptions { Engine = engine, EndPoints = [endPoint], WarmUp = [protocol], Tls = source });
        await channel.WarmUpAsync(protocol).WithTimeout();
        int calls = 0;
        for (int round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => CallAsync(channel, protocol))).WithTimeout();
            calls += 10;
            if (round % 4 == 1)
            {
                source.Rotate();
            }
            else if (round % 4 == 3)
            {
                ChannelLease lease = await channel.RentAsync(protocol, default).AsTask().WithTimeout();
                await lease.Session.Connection!.CloseAsync(0, "the test cuts it");
                await lease.Session.Closed.WithTimeout();
                lease.Complete(CallOutcome.TransportFailure);
            }
        }

        ChannelSnapshot snapshot = channel.GetSnapshot();
        Assert.AreEqual(5L, snapshot.Generation);
        Assert.AreEqual(0, snapshot.InFlight);
        Assert.AreEqual(200, calls);
        await channel.DisposeAsync().WithTimeout();
        await listener.DisposeAsync().WithTimeout();
        await serving.WithTimeout();
    }

    [TestMethod]
    public async Task Drain_OverAnEngine_ClosesItsConnections()
    {
        using var network = new MemoryNetwork();
        await using var engine = new MemoryEngine(network);
        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server };
        await using TransportListener listener = await engine.ListenAsync(new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = [EngineProtocol.ApplicationProtocol],
            Tls = (in ClientHello _) => tls,
        });
        Task serving = ServeAsync(listener);
        var protocol = new EngineProtocol();
        var endPoint = new ChannelEndPoint(new TransportEndPoint("127.0.0.1", listener.LocalEndPoint.Port)) { ServerName = "localhost" };
        var channel = new NetChannel(new NetChannelOptions { Engine = engine, EndPoints = [endPoint], WarmUp = [protocol], Tls = new RotatingSource() });
        ChannelLease lease = await channel.RentAsync(protocol, default).AsTask().WithTimeout();
        Task<bool> draining = channel.DrainAsync(TestDeadline.Limit);
        await CallOnAsync(lease);
        Assert.IsTrue(await draining.WithTimeout());
        await listener.DisposeAsync().WithTimeout();
        await serving.WithTimeout();
    }

    private static async Task CallAsync(NetChannel channel, EngineProtocol protocol) => await CallOnAsync(await channel.RentAsync(protocol, default));

    private static async Task CallOnAsync(ChannelLease lease)
    {
        try
        {
            CollectionAssert.AreEqual(new byte[] { 1, 2, 3 }, await ((EngineProtocol.Session)lease.Session).EchoAsync([1, 2, 3]));
            lease.Complete(CallOutcome.Success);
        }
        finally
        {
            lease.Dispose();
        }
    }

    // Ends when the listener does, with every connection.
    private static async Task ServeAsync(TransportListener listener)
    {
        List<Task> connections = [];
        while (await listener.AcceptAsync() is { } connection)
        {
            connections.Add(ServeAsync(connection));
        }

        await Task.WhenAll(connections);
    }

    private static async Task ServeAsync(TransportConnection connection)
    {
        await using (connection)
        {
            try
            {
                while (true)
                {
                    await using TransportStream stream = await connection.AcceptStreamAsync();
                    await stream.Input.CopyToAsync(stream.Output);
                    await stream.Output.CompleteAsync();
                }
            }
            catch (TransportException)
            {
                // The client has closed.
            }
        }
    }

    private sealed class RotatingSource : ClientTlsSource
    {
        private ClientTlsOptions _current = New();
        private long _generation;

        public override ClientTlsOptions Current => Volatile.Read(ref _current);

        public override long Generation => Volatile.Read(ref _generation);

        public override event EventHandler? Changed;

        internal void Rotate()
        {
            Volatile.Write(ref _current, New());
            Interlocked.Increment(ref _generation);
            Changed?.Invoke(this, EventArgs.Empty);
        }

        private static ClientTlsOptions New() => new() { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) };
    }
}
