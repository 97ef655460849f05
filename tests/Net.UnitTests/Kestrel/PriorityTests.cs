using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Net.Server.Kestrel;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>Clients say which responses matter more (RFC 9218), and those come first where the line is narrow: the client grants one small window for all its streams.</summary>
[TestClass]
public sealed class PriorityTests
{
    private const int Window = 64 << 10;
    private const int Bulk = 16 * Window;
    private const int SmallLimit = 16 << 10;

    [TestMethod]
    [DataRow(null, 3, true, DisplayName = "none: streams take turns")]
    [DataRow("u=0", 0, false)]
    [DataRow("u=5, i", 5, true)]
    [DataRow("u=5 i", 3, true, DisplayName = "no dictionary")]
    public async Task Header_OfARequest_IsThePriorityOfItsStream(string? header, int urgency, bool isIncremental)
    {
        await using MemorySite site = await StartAsync(new SemaphoreSlim(0));
        await using Http3Peer peer = await site.ConnectAsync();

        Assert.AreEqual($"{urgency} {isIncremental}", await AskPriorityAsync(peer, header));
    }

    [TestMethod]
    public async Task PriorityUpdate_BeforeItsRequest_CountsMoreThanTheHeader()
    {
        await using MemorySite site = await StartAsync(new SemaphoreSlim(0));
        await using Http3Peer peer = await Http3Peer.StartAsync(await ConnectAsync(site));

        await UpdateAsync(peer, (0, "u=1"), (0, "u=6, i"), (4, ""), (1200, "u=2"));

        Assert.AreEqual("6 True", await AskPriorityAsync(peer, "u=0"));
        Assert.AreEqual("3 False", await AskPriorityAsync(peer, null));
        Assert.AreEqual("3 True", await AskPriorityAsync(peer, null));
    }

    [TestMethod]
    public async Task PriorityUpdate_OfARequestThatIsOver_IsIgnored()
    {
        await using MemorySite site = await StartAsync(new SemaphoreSlim(0));
        await using Http3Peer peer = await Http3Peer.StartAsync(await ConnectAsync(site));
        await AskPriorityAsync(peer, null);

        await UpdateAsync(peer, (0, "u=1"));

        Assert.AreEqual("3 True", await AskPriorityAsync(peer, null));
    }

    [TestMethod]
    [DataRow("u=7", "u=0", null, DisplayName = "by their headers")]
    [DataRow("u=7", "u=7", "u=0", DisplayName = "by PRIORITY_UPDATE")]
    [DataRow("u=3, i", "u=3", null, DisplayName = "one that does not share the line against one that does")]
    public async Task MoreUrgentResponse_AskedForLater_ComesFirst(string first, string second, string? update)
    {
        using var written = new SemaphoreSlim(0);
        await using MemorySite site = await StartAsync(written);
        await using Http3Peer peer = await Http3Peer.StartAsync(await ConnectAsync(site));
        TransportStream bulk = await AskBulkAsync(peer, first, written);
        TransportStream urgent = await AskBulkAsync(peer, second, written);
        if (update is not null)
        {
            await UpdateAsync(peer, (urgent.Id, update));
        }

        Assert.IsLessThan(Bulk / 2, await ReadAsync(urgent, beside: bulk), "So much of the other response came before the urgent one had.");
    }

    [TestMethod]
    [DataRow("u=3", true)]
    [DataRow("u=3, i", false)]
    public async Task ResponsesOfOneUrgency_ComeInOrderUnlessTheyShareTheLine(string priority, bool inOrder)
    {
        using var written = new SemaphoreSlim(0);
        await using MemorySite site = await StartAsync(written);
        await using Http3Peer peer = await Http3Peer.StartAsync(await ConnectAsync(site));
        TransportStream first = await AskBulkAsync(peer, priority, written);
        TransportStream second = await AskBulkAsync(peer, priority, written);

        Assert.AreEqual(inOrder, await ReadAsync(first, beside: second) < Bulk / 2);
    }

    [TestMethod]
    public void EarlyUpdates_WithoutEnd_AreBounded()
    {
        var priorities = new RequestPriorities();
        for (long id = 0; id < 100_000; id += 4)
        {
            priorities.Update(id, new StreamPriority(1, false));
        }

        Assert.AreEqual(RequestPriorities.MaxEarly, priorities.Early);
    }

    private static async Task<MemorySite> StartAsync(SemaphoreSlim written) => await MemorySite.StartAsync(
        application =>
        {
            application.MapGet("/priority", static context =>
            {
                StreamPriority priority = context.Features.GetRequiredFeature<ITransportStreamFeature>().Stream.Priority;
                return context.Response.WriteAsync($"{priority.Urgency} {priority.Incremental}");
            });
            application.MapGet("/bulk", async context =>
            {
                // All of it waits in the stream's buffer.
                await context.Response.Body.WriteAsync(new byte[Bulk]);
                written.Release();
            });
        },
        static options => options.Limits = TransportLimits.Default with { StreamSendBuffer = 2 * Bulk, StreamUnsentBuffer = 2 * Bulk, StreamReceiveWindow = SmallLimit });

    private static Task<TransportConnection> ConnectAsync(MemorySite site) => site.ConnectAsync(
        "h3", limits: TransportLimits.Default with { ConnectionReceiveWindow = Window, StreamReceiveWindow = 2 * Bulk, StreamSendBuffer = SmallLimit });

    private static async Task<string> AskPriorityAsync(Http3Peer peer, string? header)
    {
        Http3Exchange exchange = await peer.OpenAsync();
        await exchange.SendAsync(Http3Bytes.Request("GET", "/priority", header is null ? [] : [("priority", header)]), end: true);
        return (await exchange.ReadResponseAsync()).Text;
    }

    private static async Task<TransportStream> AskBulkAsync(Http3Peer peer, string priority, SemaphoreSlim written)
    {
        Http3Exchange exchange = await peer.OpenAsync();
        await exchange.SendAsync(Http3Bytes.Request("GET", "/bulk", ("priority", priority)), end: true);
        Assert.IsTrue(await written.WaitAsync(TestDeadline.Limit));
        return exchange.Stream;
    }

    /// <summary>Sends updates, and behind them more than the server's window takes: when all is sent, they have been read.</summary>
    private static Task UpdateAsync(Http3Peer peer, params (long StreamId, string Priority)[] updates) => peer.SendControlAsync(
    [
        .. updates.SelectMany(static update => Http3Bytes.Frame(0xf0700, [.. Http3Bytes.Integer(update.StreamId), .. System.Text.Encoding.ASCII.GetBytes(update.Priority)])),
        .. Http3Bytes.Padding(3 * SmallLimit),
    ]);

    /// <summary>Reads two responses at once.</summary>
    /// <returns>How much of the other had come with the body of the one. Its end may come at any time later: it waits for the handler to return.</returns>
    private static async Task<long> ReadAsync(TransportStream one, TransportStream beside)
    {
        long ones = 0;
        long others = 0;
        long then = -1;
        Task readingOther = ReadAsync(beside, count => Interlocked.Add(ref others, count));
        await ReadAsync(one, count =>
        {
            ones += count;
            then = then < 0 && ones >= Bulk ? Interlocked.Read(ref others) : then;
        });
        await readingOther;
        Assert.IsGreaterThan(Bulk, Interlocked.Read(ref others));
        Assert.IsGreaterThanOrEqualTo(0, then, "The body did not come whole.");
        return then;
    }

    private static async Task ReadAsync(TransportStream stream, Action<long> count)
    {
        while (true)
        {
            ReadResult read = await stream.Input.ReadAsync().WithTimeout();
            count(read.Buffer.Length);
            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
