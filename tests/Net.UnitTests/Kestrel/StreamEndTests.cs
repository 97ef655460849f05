using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Net.Server.Kestrel;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>How requests end before their time, from either side, and with which code.</summary>
[TestClass]
public sealed class StreamEndTests
{
    private const long RequestCancelled = 0x10c;
    private const long InternalError = 0x102;
    private const long NoError = 0x100;
    private const long RequestRejected = 0x10b;

    [TestMethod]
    [DataRow(true, DisplayName = "reset and stop")]
    [DataRow(false, DisplayName = "stop alone, after the request's end")]
    public async Task ClientAbort_WhileTheHandlerRuns_ReachesRequestAborted(bool both)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.Map("/wait", async context =>
        {
            using CancellationTokenRegistration registration = context.RequestAborted.Register(aborted.SetResult);
            started.SetResult();
            await aborted.Task;
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange exchange = both ? await peer.BeginAsync("POST", "/wait") : await peer.BeginGetAsync("/wait");
        await started.Task.WithTimeout();

        if (both)
        {
            exchange.Stream.Abort(RequestCancelled);
        }
        else
        {
            exchange.Stream.AbortRead(RequestCancelled);
        }

        await aborted.Task.WithTimeout();
    }

    [TestMethod]
    public async Task Handler_ThatWritesOnToAClientThatHasGone_PilesNothingUp()
    {
        const int piece = 64 << 10;
        var left = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/stubborn", async context =>
        {
            TransportStream stream = context.Features.GetRequiredFeature<ITransportStreamFeature>().Stream;
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            await stream.SendCompletion.ContinueWith(static _ => { }, TaskScheduler.Default);
            for (int i = 0; i < 100; i++)
            {
                context.Response.BodyWriter.Write(new byte[piece]);
                await context.Response.BodyWriter.FlushAsync();
            }

            left.SetResult(stream.Output.UnflushedBytes);
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange exchange = await peer.BeginGetAsync("/stubborn");
        await exchange.ReadHeadersAsync();

        exchange.Stream.AbortRead(RequestCancelled);

        // The first write meets the end with its own bytes; those after it leave none.
        Assert.IsLessThanOrEqualTo(2 * piece, await left.Task.WithTimeout());
    }

    [TestMethod]
    [DataRow("text/plain", DisplayName = "a request")]
    [DataRow("application/grpc", DisplayName = "a request that calls itself gRPC, on a path that is not ours")]
    public async Task Response_OfAnApplication_IsEndedBeforeKestrelDoesIt(string contentType)
    {
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(
            static application => application.MapPost("/nothing", static _ => Task.CompletedTask),
            services: services => services.AddSingleton<IStartupFilter>(new Outermost(async (context, next) =>
            {
                await next(context);
                ended.SetResult(context.Response.HasStarted);
            })));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginAsync("POST", "/nothing", ("content-type", contentType));
        await exchange.Stream.Output.CompleteAsync();

        Assert.IsTrue(await ended.Task.WithTimeout());
    }

    [TestMethod]
    [DataRow(false, DisplayName = "returns")]
    [DataRow(true, DisplayName = "fails")]
    public async Task Handler_WithUnsentDataWhenTheClientHasGone_IsNoFaultOfTheServer(bool fails)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/unsent", async context =>
        {
            await context.Response.StartAsync();
            context.Response.BodyWriter.Write("nobody reads this"u8);
            started.SetResult();
            await context.Features.GetRequiredFeature<IRequestLifeFeature>().WhenClosedTold();
            _ = fails ? throw new OperationCanceledException("The client has gone.") : true;
        }));
        Http3Peer peer = await site.ConnectAsync();
        await using (peer)
        {
            Http3Exchange exchange = await peer.BeginGetAsync("/unsent");
            await started.Task.WithTimeout();
            exchange.Stream.Abort(RequestCancelled);
            await site.StopAsync().WithTimeout();
        }

        Assert.IsEmpty(site.Log.Entries.Where(static e => e.Level == LogLevel.Critical));
    }

    [TestMethod]
    public async Task Rejection_OfARequestThatHasBegun_DoesNotPromiseThatNothingWasDone()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/begun", static context =>
        {
            RejectAsKestrelDoes(context);
            return Task.CompletedTask;
        }));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginGetAsync("/begun");

        Assert.AreEqual(InternalError, await exchange.ReadResetAsync());
    }

    [TestMethod]
    public async Task Rejection_BeforeARequestHasBegun_KeepsItFromTheApplication()
    {
        bool isBegun = false;
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(
            application => application.MapGet("/late", _ =>
            {
                isBegun = true;
                return Task.CompletedTask;
            }),
            services: services => services.AddSingleton<IStartupFilter>(new Outermost(async (context, next) =>
            {
                RejectAsKestrelDoes(context);
                await next(context);
                over.SetResult();
            })));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginGetAsync("/late");

        Assert.AreEqual(RequestRejected, await exchange.ReadResetAsync());
        await over.Task.WithTimeout();
        Assert.IsFalse(isBegun);
    }

    [TestMethod]
    public async Task OnClosed_WhenACallbackThrows_TellsTheOthers()
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/watch", async context =>
        {
            IStreamClosedFeature feature = context.Features.GetRequiredFeature<IStreamClosedFeature>();
            feature.OnClosed(static _ => throw new InvalidOperationException("mine"), null);
            feature.OnClosed(_ => told.SetResult(), null);
            using CancellationTokenRegistration registration = context.RequestAborted.Register(closed.SetResult);
            started.SetResult();
            await closed.Task;
            await context.Features.GetRequiredFeature<IRequestLifeFeature>().WhenClosedTold();
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange exchange = await peer.BeginAsync("GET", "/watch");
        await started.Task.WithTimeout();

        exchange.Stream.Abort(RequestCancelled);

        await told.Task.WithTimeout();
        await site.Log.WhenLogged(5035);
    }

    [TestMethod]
    public async Task ClientReset_InTheMiddleOfTheBody_FailsTheReadAndIsNoEnd()
    {
        var failure = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapPost("/read", async context =>
        {
            try
            {
                byte[] buffer = new byte[100];
                while (await context.Request.Body.ReadAsync(buffer) > 0)
                {
                    first.TrySetResult();
                }

                failure.SetResult(null);
            }
            catch (Exception exception)
            {
                failure.SetResult(exception);
            }
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange exchange = await peer.BeginAsync("POST", "/read");
        await exchange.SendDataAsync("half");
        await first.Task.WithTimeout();

        exchange.Stream.Abort(RequestCancelled);

        Assert.IsInstanceOfType<IOException>(await failure.Task.WithTimeout());
    }

    [TestMethod]
    public async Task Abort_OfTheApplication_ResetsWithInternalError()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/abort", static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        }));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginGetAsync("/abort");

        Assert.AreEqual(InternalError, await exchange.ReadResetAsync());
    }

    [TestMethod]
    public async Task Reset_WithACodeOfTheApplication_ReachesTheClient()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/reset", static async context =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(0x1234);
        }));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginGetAsync("/reset");

        Assert.AreEqual(0x1234, await exchange.ReadResetAsync());
    }

    [TestMethod]
    public async Task Handler_ThatFailsAfterItsHeaders_ResetsItsStreamAlone()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application =>
        {
            application.MapGet("/fail", static async context =>
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                throw new InvalidOperationException("The handler of the test fails.");
            });
            application.MapGet("/ok", static () => "ok");
        });
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginGetAsync("/fail");

        Assert.AreEqual(InternalError, await exchange.ReadResetAsync());
        Assert.AreEqual("ok", (await peer.GetAsync("/ok")).Text);
    }

    [TestMethod]
    public async Task Body_ThatNobodyReads_IsStoppedWithoutAnErrorAndTheResponseComes()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapPost("/ignore", static () => "done"));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginAsync("POST", "/ignore");
        Http3Response response = await exchange.ReadResponseAsync();

        Assert.AreEqual("done", response.Text);
        await exchange.Stream.SendCompletion.WithTimeout().ContinueWith(static _ => { }, TaskScheduler.Default);
        TransportException stop = await Assert.ThrowsAsync<TransportException>(() => exchange.Stream.SendCompletion);
        Assert.AreEqual(NoError, stop.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task ConnectionClosed_ByTheClientWhileAHandlerRuns_AbortsTheRequest()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/wait", async context =>
        {
            using CancellationTokenRegistration registration = context.RequestAborted.Register(aborted.SetResult);
            started.SetResult();
            await aborted.Task;
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        await peer.BeginGetAsync("/wait");
        await started.Task.WithTimeout();

        await peer.Connection.CloseAsync(NoError).AsTask().WithTimeout();

        await aborted.Task.WithTimeout();
    }

    [TestMethod]
    public async Task SettingsOnARequestStream_CloseTheConnectionWithFrameUnexpected()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange exchange = await peer.OpenAsync();

        await exchange.SendAsync(Http3Bytes.Frame(Http3Bytes.Settings, []));

        ConnectionClose close = await peer.Connection.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(0x105, close.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task UnknownUnidirectionalStream_IsStoppedAndTheConnectionStays()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));
        await using Http3Peer peer = await site.ConnectAsync();
        TransportStream stream = await peer.Connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();

        await stream.Output.WriteAsync((byte[])[0x3f, 1, 2, 3]).WithTimeout();

        TransportException stop = await Assert.ThrowsAsync<TransportException>(() => stream.SendCompletion.WithTimeout());
        Assert.AreEqual(0x103, stop.ApplicationErrorCode);
        Assert.AreEqual("x", (await peer.GetAsync("/")).Text);
    }

    [TestMethod]
    public async Task Client_ThatGrantsNoStreamOfTheServers_IsClosedInTime()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));
        TransportConnection connection = await site.ConnectAsync("h3", limits: TransportLimits.Default with { MaxInboundUnidirectionalStreams = 0 });
        await using (connection)
        {
            await site.Time.WaitForTimersAsync(1).WithTimeout();

            site.Time.Advance(TimeSpan.FromSeconds(11));

            ConnectionClose close = await connection.Closed.WithTimeout();
            Assert.AreEqual(0x103, close.ApplicationErrorCode);
        }
    }

    // The limit of headers that Kestrel's heartbeat finds passed, although they have come.
    private static void RejectAsKestrelDoes(HttpContext context)
    {
        var stream = (TransportStreamContext)context.Features.GetRequiredFeature<IRequestLifeFeature>();
        stream.Error = RequestRejected;
        stream.Abort(new ConnectionAbortedException("The headers took too long."));
    }

    private sealed class Outermost(Func<HttpContext, RequestDelegate, Task> serve) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
        {
            application.Use(next => context => serve(context, next));
            next(application);
        };
    }
}
