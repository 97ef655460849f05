using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Net.Server.Kestrel;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>What Kestrel builds for a request serves later ones of the same connection, but never after an abort.</summary>
[TestClass]
public sealed class StreamReuseTests
{
    [TestMethod]
    public async Task Requests_OneAfterTheOther_ShareOneContext()
    {
        var contexts = new ConcurrentDictionary<object, int>(ReferenceEqualityComparer.Instance);
        await using MemorySite site = await StartAsync(contexts);
        await using Http3Peer peer = await site.ConnectAsync();

        for (int i = 0; i < 50; i++)
        {
            Http3Exchange exchange = await peer.BeginAsync("POST", "/echo");
            await exchange.SendDataAsync($"number {i}", end: true);
            Assert.AreEqual($"number {i}", (await exchange.ReadResponseAsync()).Text);
            await SettledAsync(exchange);
        }

        // The context is free a moment after the client has the response, so that the next request may come before; it does not come before that each time.
        Assert.IsLessThan(25, contexts.Count);
        Assert.AreEqual(50, contexts.Values.Sum());
    }

    [TestMethod]
    public async Task Requests_AfterAnAbort_GetAContextThatWasNotAborted()
    {
        var contexts = new ConcurrentDictionary<object, int>(ReferenceEqualityComparer.Instance);
        await using MemorySite site = await StartAsync(contexts);
        await using Http3Peer peer = await site.ConnectAsync();

        for (int i = 0; i < 20; i++)
        {
            Http3Exchange exchange = await peer.BeginGetAsync("/abort");
            await exchange.ReadResetAsync();
        }

        Assert.HasCount(20, contexts);
    }

    [TestMethod]
    public async Task Requests_InParallelWaves_KeepToThemselves()
    {
        var contexts = new ConcurrentDictionary<object, int>(ReferenceEqualityComparer.Instance);
        await using MemorySite site = await StartAsync(contexts);
        await using Http3Peer peer = await site.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async wave =>
        {
            for (int i = 0; i < 200; i++)
            {
                string text = $"{wave}/{i}/{new string((char)('a' + wave), i * 10)}";
                Http3Exchange exchange = await peer.BeginAsync("POST", "/echo");
                await exchange.SendDataAsync(text, end: true);
                Assert.AreEqual(text, (await exchange.ReadResponseAsync()).Text);
            }
        }));

        Assert.AreEqual(800, contexts.Values.Sum());
        Assert.IsLessThan(400, contexts.Count);
    }

    [TestMethod]
    public async Task Requests_ServedAgainByAContext_SpareWhatKestrelBuilds()
    {
        var contexts = new ConcurrentDictionary<object, int>(ReferenceEqualityComparer.Instance);
        await using MemorySite site = await StartAsync(contexts);
        await using Http3Peer peer = await site.ConnectAsync();

        // Input that is left unread keeps a context from serving again; all else is the same.
        await MeasureAsync(peer, "/ignore", end: false);
        await MeasureAsync(peer, "/ignore", end: true);
        long alone = await MeasureAsync(peer, "/ignore", end: false);
        long again = await MeasureAsync(peer, "/ignore", end: true);

        // Both ends and the in-memory engine are in these figures; what is spared is the server's alone, some 24,000 bytes.
        Assert.IsLessThan(alone - 15_000, again, $"{alone} bytes for each request with a context of its own, {again} with contexts that serve again");
    }

    private static async Task<long> MeasureAsync(Http3Peer peer, string path, bool end)
    {
        const int count = 100;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < count; i++)
        {
            Http3Exchange exchange = await peer.OpenAsync();
            byte[] request = Http3Bytes.Request("GET", path);
            if (end)
            {
                // In one piece with its end: one that comes after the handler's counts as input left unread.
                exchange.Stream.Output.Write(request);
                await exchange.Stream.Output.CompleteAsync();
            }
            else
            {
                await exchange.SendAsync(request);
            }

            await exchange.ReadResponseAsync();

            // The response is there before the server looks whether input is left; the end that disposing sends must not come before that.
            await exchange.Stream.SendCompletion.WithTimeout().ContinueWith(static _ => { }, TaskScheduler.Default);
            await exchange.Stream.DisposeAsync();
            await SettledAsync(exchange);
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / count;
    }

    /// <summary>Both sides have seen the end of the stream; the server's context follows within its own callbacks.</summary>
    private static Task SettledAsync(Http3Exchange exchange) => exchange.Stream.Completion.WithTimeout();

    private static Task<MemorySite> StartAsync(ConcurrentDictionary<object, int> contexts) => MemorySite.StartAsync(application =>
    {
        void Note(HttpContext context) => contexts.AddOrUpdate(context.Features.GetRequiredFeature<ITransportStreamFeature>(), 1, static (_, count) => count + 1);
        application.MapPost("/echo", async context =>
        {
            Note(context);
            await context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter);
        });
        application.MapGet("/ignore", context =>
        {
            Note(context);
            return context.Response.WriteAsync("done");
        });
        application.MapGet("/abort", context =>
        {
            Note(context);
            context.Abort();
            return Task.CompletedTask;
        });
    });
}
