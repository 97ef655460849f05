using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging;
using Net.Client;
using Net.Server;
using Net.Testing;

namespace Net.UnitTests.Server;

[TestClass]
public sealed class RawStreamRoutingTests
{
    [TestMethod]
    public async Task OpenAsync_EchoRoute_GivesBackWhatIsSentUntilTheEnd()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        await using RawStream stream = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();

        await stream.SendAsync("hello");
        Assert.AreEqual("hello", await stream.ReceiveAsync(5));
        await stream.SendAsync("again");
        await stream.Output.CompleteAsync();

        Assert.AreEqual("again", await stream.ReceiveAllAsync());
    }

    [TestMethod]
    public async Task OpenAsync_HandlerOfOneLine_EchoesToo()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", static s => s.Input.CopyToAsync(s.Output)));
        await using RawStream stream = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();

        await stream.SendAsync("hello");
        await stream.Output.CompleteAsync();

        Assert.AreEqual("hello", await stream.ReceiveAllAsync());
    }

    [TestMethod]
    public async Task OpenAsync_HeaderWithEverything_ReachesTheHandlerWithTheCertificate()
    {
        RawStreamContext? seen = null;
        TimeSpan? remaining = null;
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("look", context =>
        {
            seen = context;
            remaining = context.RemainingTime;
            return Task.CompletedTask;
        }));
        var options = new RawStreamOptions
        {
            Deadline = TimeSpan.FromSeconds(7),
            Idempotency = Idempotency.Idempotent,
            Metadata = RawStreamMetadata.Create(("tenant", "acme"), ("tag", "a"), ("tag", "b")),
        };
        await using RawStream stream = await fixture.Client.OpenAsync("look", options).AsTask().WithTimeout();
        await stream.Output.CompleteAsync();

        Assert.AreEqual("", await stream.ReceiveAllAsync());
        Assert.IsNotNull(seen);
        Assert.AreEqual("look", seen.Route);
        Assert.AreEqual(Idempotency.Idempotent, seen.Idempotency);
        Assert.AreEqual(options.Metadata, seen.Metadata);
        Assert.AreEqual(TimeSpan.FromSeconds(7), remaining);
        Assert.AreEqual("CN=client", seen.PeerCertificate?.Subject);
    }

    [TestMethod]
    public async Task OpenAsync_ReadBeforeAnyWrite_SendsTheHeader()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("greet", static async s => await s.SendAsync("welcome")));
        await using RawStream stream = await fixture.Client.OpenAsync("greet").AsTask().WithTimeout();

        Assert.AreEqual("welcome", await stream.ReceiveAllAsync());
    }

    [TestMethod]
    public async Task OpenAsync_HeaderAtOnce_ReachesTheHandlerWithoutReadOrWrite()
    {
        var reached = new TaskCompletionSource();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("start", _ =>
        {
            reached.SetResult();
            return Task.CompletedTask;
        }));
        await using RawStream stream = await fixture.Client.OpenAsync("start", new RawStreamOptions { SendHeaderAtOnce = true }).AsTask().WithTimeout();

        await reached.Task.WithTimeout();
    }

    [TestMethod]
    public async Task OpenAsync_UnknownRoute_FailsSafelyAndNamesTheRoute()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        await using RawStream stream = await fixture.Client.OpenAsync("ecko").AsTask().WithTimeout();

        TransportException exception = await stream.FailsAsync();

        Assert.AreEqual(TransportError.StreamReset, exception.Error);
        Assert.AreEqual(RawStreamErrorCodes.UnknownRoute, exception.ApplicationErrorCode);
        Assert.IsTrue(exception.IsSafeToRetry);
        Assert.Contains("'ecko'", exception.Message);
    }

    [TestMethod]
    [DataRow("0720056563686f21", RawStreamErrorCodes.MalformedHeader)]
    [DataRow("80004001", RawStreamErrorCodes.HeaderTooLarge)]
    [DataRow("0910046563686f3e0100", RawStreamErrorCodes.UnsupportedField)]
    public async Task Header_ThatIsRefused_ResetsBothDirectionsWithItsCode(string hex, long code)
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        TransportStream stream = await fixture.OpenBareStreamAsync(Convert.FromHexString(hex));

        TransportException read = await stream.FailsAsync();
        TransportException write = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.SendCompletion.WithTimeout());

        Assert.AreEqual(code, read.ApplicationErrorCode);
        Assert.AreEqual(code, write.ApplicationErrorCode);
        Assert.IsEmpty(fixture.Log.Entries.Where(static entry => entry.Level >= LogLevel.Warning), "A peer's mistake is not the operator's business.");
    }

    [TestMethod]
    public async Task Header_ThatEndsEarly_IsMalformed()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        TransportStream stream = await fixture.OpenBareStreamAsync(Convert.FromHexString("07100565"));
        await stream.Output.CompleteAsync();

        Assert.AreEqual(RawStreamErrorCodes.MalformedHeader, (await stream.FailsAsync()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Header_InPieces_IsPutTogether()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        byte[] bytes = [.. Convert.FromHexString("0610046563686f"), .. "hi"u8];
        TransportStream stream = await fixture.OpenBareStreamAsync(bytes.AsMemory(0, 1));
        for (int i = 1; i < bytes.Length; i++)
        {
            await stream.Output.WriteAsync(bytes.AsMemory(i, 1)).WithTimeout();
        }

        Assert.AreEqual("hi", await stream.ReceiveAsync(2));
    }

    [TestMethod]
    public async Task Header_ThatDoesNotCome_IsTimedOut()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b
            .MapStream("echo", new EchoHandler())
            .UseRawStreamOptions(new RawStreamServerOptions { HeaderTimeout = TimeSpan.FromSeconds(3) }));
        TransportStream stream = await fixture.OpenBareStreamAsync(new byte[] { 0x07 });
        await fixture.Time.WaitForTimersAsync(1).WithTimeout();

        fixture.Time.Advance(TimeSpan.FromSeconds(2.9));
        Task<TransportException> failing = stream.FailsAsync();
        Assert.IsFalse(failing.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.AreEqual(RawStreamErrorCodes.HeaderTimeout, (await failing).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Stream_Unidirectional_IsRefusedAndTheConnectionGoesOn()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        TransportStream wrong = await fixture.Connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        await wrong.SendAsync("anything");

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => wrong.SendCompletion.WithTimeout());

        Assert.AreEqual(RawStreamErrorCodes.WrongDirection, exception.ApplicationErrorCode);
        await using RawStream stream = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await stream.SendAsync("hello");
        Assert.AreEqual("hello", await stream.ReceiveAsync(5));
    }

    [TestMethod]
    public async Task Stream_OverTheLimit_IsRefusedSafelyAndServedWhenOneEnds()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b
            .MapStream("echo", new EchoHandler())
            .UseRawStreamOptions(new RawStreamServerOptions { MaxConcurrentStreams = 1 }));
        await using RawStream first = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await first.SendAsync("one");
        await first.ReceiveAsync(3);

        await using RawStream second = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        TransportException exception = await second.FailsAsync();
        Assert.AreEqual(RawStreamErrorCodes.Overloaded, exception.ApplicationErrorCode);
        Assert.IsTrue(exception.IsSafeToRetry);

        await first.Output.CompleteAsync();
        await first.ReceiveAllAsync();
        await first.Transport.Completion.WithTimeout();
        await EchoUntilServedAsync(fixture.Client);
    }

    [TestMethod]
    public async Task Connection_OverTheLimit_IsClosedWithItsProtocolsCode()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b
            .MapStream("echo", new EchoHandler())
            .UseOptions(new NetServerOptions { MaxConnections = 1 }));
        await using RawStream stream = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await stream.SendAsync("x");
        await stream.ReceiveAsync(1);

        TransportConnection second = await fixture.ConnectAsync(RawStreamProtocol.ApplicationProtocol);
        ConnectionClose close = await second.Closed.WithTimeout();

        Assert.AreEqual(RawStreamErrorCodes.Overloaded, close.ApplicationErrorCode);
        Assert.AreEqual(1, fixture.Server.ConnectionCount);
        Assert.ContainsSingle(static entry => entry.Id.Id == 5003, fixture.Log.Entries);
    }

    [TestMethod]
    public async Task Handler_ThatThrows_ResetsItsStreamAloneAndIsLogged()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b
            .MapStream("echo", new EchoHandler())
            .MapStream("broken", static async s =>
            {
                await s.Input.ReadAsync();
                throw new InvalidDataException("it broke");
            }));
        await using RawStream good = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await good.SendAsync("a");
        await using RawStream bad = await fixture.Client.OpenAsync("broken").AsTask().WithTimeout();
        await bad.SendAsync("x");

        TransportException exception = await bad.FailsAsync();

        Assert.AreEqual(RawStreamErrorCodes.HandlerFailed, exception.ApplicationErrorCode);
        Assert.IsFalse(exception.IsSafeToRetry);
        Assert.AreEqual("a", await good.ReceiveAsync(1));
        await fixture.Log.WhenLogged(5011);
        (LogLevel level, EventId id, string message, Exception? logged) = Assert.ContainsSingle(fixture.Log.Entries.Where(static entry => entry.Level >= LogLevel.Warning));
        Assert.AreEqual(5011, id.Id);
        Assert.AreEqual(LogLevel.Error, level);
        Assert.Contains("'broken'", message);
        Assert.IsInstanceOfType<InvalidDataException>(logged);
    }

    [TestMethod]
    public async Task Handler_ThatFailsByItsOwnConnection_IsNotTakenForTheCallersEnd()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream(
            "proxy", static _ => throw new TransportException(TransportError.StreamReset, "the backend reset its stream") { ApplicationErrorCode = 0x123 }));
        await using RawStream stream = await fixture.Client.OpenAsync("proxy").AsTask().WithTimeout();
        await stream.SendAsync("x");

        Assert.AreEqual(RawStreamErrorCodes.HandlerFailed, (await stream.FailsAsync()).ApplicationErrorCode);
        await fixture.Log.WhenLogged(5011);
        Assert.ContainsSingle(static entry => entry.Id.Id == 5011, fixture.Log.Entries);
    }

    [TestMethod]
    public async Task Handler_ThatAborts_GivesTheCallerItsOwnCode()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("no", static s =>
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => s.Abort(RawStreamErrorCodes.Cancelled));
            s.Abort(0x142);
            return Task.CompletedTask;
        }));
        await using RawStream stream = await fixture.Client.OpenAsync("no").AsTask().WithTimeout();
        await stream.SendAsync("x");

        TransportException exception = await stream.FailsAsync();

        Assert.AreEqual(0x142, exception.ApplicationErrorCode);
        Assert.Contains("0x142", exception.Message);
        Assert.IsEmpty(fixture.Log.Entries.Where(static entry => entry.Level >= LogLevel.Warning));
    }

    [TestMethod]
    public async Task Handler_ThatReadsOnlyAPart_LetsTheCallerReadItsAnswer()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("first", static async s =>
        {
            ReadResult read = await s.Input.ReadAtLeastAsync(1);
            byte first = read.Buffer.FirstSpan[0];
            s.Input.AdvanceTo(read.Buffer.GetPosition(1));
            await s.Output.WriteAsync(new[] { first });
        }));
        await using RawStream stream = await fixture.Client.OpenAsync("first").AsTask().WithTimeout();
        await stream.SendAsync("abc");
        Assert.AreEqual("a", await stream.ReceiveAllAsync());

        // STOP_SENDING with NoError is the server's "enough", not a failure.
        FlushResult flush;
        do
        {
            flush = await stream.Output.WriteAsync("more"u8.ToArray()).WithTimeout();
        }
        while (!flush.IsCompleted);
    }

    [TestMethod]
    public async Task Dispose_BeforeTheOutputIsCompleted_IsNoCleanEndForTheHandler()
    {
        var entered = new TaskCompletionSource();
        var result = new TaskCompletionSource<string>();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("store", async s =>
        {
            entered.SetResult();
            try
            {
                result.SetResult(await s.ReceiveAllAsync());
            }
            catch (TransportException exception)
            {
                result.SetException(exception);
                throw;
            }
        }));
        await using (RawStream stream = await fixture.Client.OpenAsync("store").AsTask().WithTimeout())
        {
            await stream.SendAsync("half of it");
            await entered.Task.WithTimeout();
        }

        TransportException seen = await Assert.ThrowsExactlyAsync<TransportException>(() => result.Task.WithTimeout());

        Assert.AreEqual(RawStreamErrorCodes.Cancelled, seen.ApplicationErrorCode);
        Assert.IsEmpty(fixture.Log.Entries.Where(static entry => entry.Level >= LogLevel.Warning));
    }

    [TestMethod]
    public async Task MapProtocol_AnotherProtocol_SharesThePort()
    {
        var other = new CountingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("echo", new EchoHandler()).MapProtocol("other/1", other));

        TransportConnection connection = await fixture.ConnectAsync("other/1");
        await other.Served.Task.WithTimeout();
        await using RawStream stream = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await stream.SendAsync("hello");

        Assert.AreEqual("hello", await stream.ReceiveAsync(5));
        Assert.AreEqual("other/1", connection.ApplicationProtocol);
        await connection.CloseAsync(0);
    }

    [TestMethod]
    public void Builder_Misuse_IsRefusedAtOnce()
    {
        var builder = new NetServerBuilder();
        Assert.ThrowsExactly<InvalidOperationException>(() => builder.Build());
        builder.MapStream("echo", new EchoHandler());
        Assert.ThrowsExactly<ArgumentException>(() => builder.MapStream("echo", new EchoHandler()));
        Assert.ThrowsExactly<ArgumentException>(() => builder.MapStream("", new EchoHandler()));
        Assert.ThrowsExactly<ArgumentException>(() => builder.MapProtocol("net/1", new CountingHandler()));
        ArgumentException faults = Assert.ThrowsExactly<ArgumentException>(() => new NetServerBuilder().MapStream("echo", new EchoHandler())
            .UseRawStreamOptions(new RawStreamServerOptions { HeaderTimeout = TimeSpan.Zero, MaxConcurrentStreams = 0 }).Build());
        Assert.Contains("RawStreamServerOptions.HeaderTimeout", faults.Message);
        Assert.Contains("RawStreamServerOptions.MaxConcurrentStreams", faults.Message);
        _ = builder.Build();
        Assert.ThrowsExactly<InvalidOperationException>(() => builder.MapStream("late", new EchoHandler()));
    }

    private static async Task EchoUntilServedAsync(RawStreamClient client)
    {
        // The slot is free a moment after the client has all: when the server has learnt that.
        while (true)
        {
            await using RawStream stream = await client.OpenAsync("echo").AsTask().WithTimeout();
            try
            {
                await stream.SendAsync("two");
                Assert.AreEqual("two", await stream.ReceiveAsync(3));
                return;
            }
            catch (TransportException exception) when (exception.ApplicationErrorCode == RawStreamErrorCodes.Overloaded)
            {
                await Task.Yield();
            }
        }
    }

    private sealed class CountingHandler : IConnectionHandler
    {
        internal TaskCompletionSource Served { get; } = new();

        public long OverloadedErrorCode => 0x107;

        public async Task ServeAsync(TransportConnection connection, CancellationToken draining, CancellationToken aborting)
        {
            Served.SetResult();
            await connection.Closed;
        }
    }
}
