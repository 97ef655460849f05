using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Net.Client;
using Net.Server;
using Net.Testing;
using Net.UnitTests.Server;

namespace Net.UnitTests.Kestrel;

/// <summary>Raw streams and HTTP/3 on one UDP port, told apart by ALPN, in one application.</summary>
[TestClass]
public sealed class RawStreamTests
{
    [TestMethod]
    public async Task OnePort_BothProtocols_AreServed()
    {
        await using MemorySite site = await StartAsync();
        await using Http3Peer peer = await site.ConnectAsync();
        await using TransportConnection raw = await site.ConnectAsync(RawStreamProtocol.ApplicationProtocol);

        Assert.AreEqual("web", (await peer.GetAsync("/")).Text);
        Assert.AreEqual("raw!", await CallAsync(raw, "shout", "raw"));
        Assert.HasCount(2, site.Status.Connections);
    }

    [TestMethod]
    public async Task Handler_FromTheServices_LivesAsLongAsItsStream()
    {
        await using MemorySite site = await StartAsync();
        await using TransportConnection raw = await site.ConnectAsync(RawStreamProtocol.ApplicationProtocol);

        Assert.AreEqual("1", await CallAsync(raw, "scoped", ""));
        Assert.AreEqual("2", await CallAsync(raw, "scoped", ""));

        // The scope ends with the handler, which is before the client can know that the stream is over.
        Assert.AreEqual(2, site.Services.GetRequiredService<Counter>().Disposed);
    }

    [TestMethod]
    public async Task Protocol_OfTheApplication_GetsItsConnections()
    {
        var handler = new RecordingHandler();
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapNetProtocol("own/1", handler));
        await using TransportConnection connection = await site.ConnectAsync("own/1");

        TransportConnection served = await handler.Served.Task.WithTimeout();

        Assert.AreEqual("own/1", served.ApplicationProtocol);
    }

    [TestMethod]
    public async Task Protocol_WithoutRoutes_IsNotOffered()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));

        TransportException refusal = await Assert.ThrowsAsync<TransportException>(() => site.ConnectAsync(RawStreamProtocol.ApplicationProtocol));

        Assert.AreEqual(TransportError.ConnectFailed, refusal.Error);
    }

    [TestMethod]
    public async Task Stop_WithARawStreamRunning_WaitsForIt()
    {
        await using MemorySite site = await StartAsync();
        await using TransportConnection raw = await site.ConnectAsync(RawStreamProtocol.ApplicationProtocol);
        RawStream stream = await new RawStreamClient(raw).OpenAsync("shout").AsTask().WithTimeout();
        await using (stream)
        {
            await stream.Output.WriteAsync("begun"u8.ToArray()).WithTimeout();
            ReadResult first = await stream.Input.ReadAsync().WithTimeout();
            stream.Input.AdvanceTo(first.Buffer.End);
            Task stopping = site.StopAsync();
            Assert.IsFalse(stopping.IsCompleted);

            await stream.Output.CompleteAsync();

            await stopping.WithTimeout();
        }
    }

    [TestMethod]
    public async Task Stop_WithARawStreamThatDoesNotEnd_CutsItAfterTheDrainTimeout()
    {
        await using MemorySite site = await StartAsync(static options => options.DrainTimeout = TimeSpan.FromSeconds(5));
        await using TransportConnection raw = await site.ConnectAsync(RawStreamProtocol.ApplicationProtocol);
        RawStream stream = await new RawStreamClient(raw).OpenAsync("shout").AsTask().WithTimeout();
        await using (stream)
        {
            await stream.Output.WriteAsync("begun"u8.ToArray()).WithTimeout();
            ReadResult first = await stream.Input.ReadAsync().WithTimeout();
            stream.Input.AdvanceTo(first.Buffer.End);
            Task stopping = site.StopAsync();
            await site.Time.WaitForTimersAsync(1).WithTimeout();

            site.Time.Advance(TimeSpan.FromSeconds(5));

            await stopping.WithTimeout();
            Assert.AreEqual(RawStreamErrorCodes.ShuttingDown, (await raw.Closed.WithTimeout()).ApplicationErrorCode);
        }
    }

    [TestMethod]
    public async Task MapNetStream_AfterTheStart_IsRefused()
    {
        WebApplication? started = null;
        await using MemorySite site = await MemorySite.StartAsync(application => started = application);

        InvalidOperationException exception = Assert.ThrowsExactly<InvalidOperationException>(() => started!.MapNetStream("late", new EchoHandler()));

        Assert.Contains("listens already", exception.Message);
    }

    [TestMethod]
    public void MapNetStream_WithoutTheTransport_SaysWhatToAdd()
    {
        WebApplication application = WebApplication.CreateSlimBuilder().Build();

        InvalidOperationException exception = Assert.ThrowsExactly<InvalidOperationException>(() => application.MapNetStream("echo", new EchoHandler()));

        Assert.Contains("AddNetServer", exception.Message);
    }

    private static Task<MemorySite> StartAsync(Action<NetTransportOptions>? configure = null) => MemorySite.StartAsync(
        static application =>
        {
            application.MapGet("/", static () => "web");
            application.MapNetStream("shout", static async stream =>
            {
                await stream.Input.CopyToAsync(stream.Output);
                await stream.Output.WriteAsync("!"u8.ToArray());
            });
            application.MapNetStream<ScopedHandler>("scoped");
        },
        configure,
        services: static services => services.AddSingleton<Counter>().AddScoped<ScopedHandler>());

    private static async Task<string> CallAsync(TransportConnection connection, string route, string text)
    {
        RawStream stream = await new RawStreamClient(connection).OpenAsync(route).AsTask().WithTimeout();
        await using (stream)
        {
            await stream.Output.WriteAsync(Encoding.UTF8.GetBytes(text)).WithTimeout();
            await stream.Output.CompleteAsync();
            return await stream.ReceiveAllAsync();
        }
    }

    private sealed class Counter
    {
        private int _made;
        private int _disposed;

        internal int Disposed => Volatile.Read(ref _disposed);

        internal int Next() => Interlocked.Increment(ref _made);

        internal void NoteDisposed() => Interlocked.Increment(ref _disposed);
    }

    private sealed class ScopedHandler(Counter counter) : IRawStreamHandler, IDisposable
    {
        private readonly int _number = counter.Next();

        public async Task HandleAsync(RawStreamContext stream) =>
            await stream.Output.WriteAsync(Encoding.UTF8.GetBytes(_number.ToString(System.Globalization.CultureInfo.InvariantCulture)));

        public void Dispose() => counter.NoteDisposed();
    }

    private sealed class RecordingHandler : IConnectionHandler
    {
        internal TaskCompletionSource<TransportConnection> Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long OverloadedErrorCode => 0;

        public async Task ServeAsync(TransportConnection connection, CancellationToken draining, CancellationToken aborting)
        {
            Served.SetResult(connection);
            await connection.Closed;
        }
    }
}
