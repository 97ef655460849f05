using System.Diagnostics;
using System.Net;
using System.Net.Http;
using Google.Protobuf;
using Net.Grpc;
using Net.Http3;
using Net.IntegrationTests.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.IntegrationTests.Ngtcp2;
using Net.Ngtcp2;
using Net.Ngtcp2.Loop;
using Net.Testing;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Very many calls, after which everything is as it was before them. Some of them fail, by their server or by their caller.</summary>
[TestClass]
[DoNotParallelize]
public sealed class BulkCallTests
{
    private const int Callers = 24;
    private const int Calls = 100_000;
    private const int WarmUp = 10_000;

    // A round of fewer calls finds the same leaks: an object of the smallest size, 24 bytes, or a native block of the smallest, 32, that each call leaves is twice what is allowed here.
    private const int MoreRounds = 6;
    private const int CallsInMoreRounds = 40_000;
    private const long HeapTolerance = 400 << 10;
    private const long NativeTolerance = 600 << 10;

    // Of the 4 KiB that the engine pools and pins.
    private const int PinnedBlocksTolerance = 50;

    // Of tens of thousands: what is rejected more often than by a rare coincidence is a fault of ours.
    private const int FewRejections = 5;
    private int _rejections;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Calls_AHundredThousand_LeaveNothing()
    {
        int descriptors = ProcessResources.CountDescriptors();
        int loops = ProcessResources.CountLoopThreads();

        // How many of the calls that are given up the server sees, and how many come in a second, is the machine's matter.
        await using (BesiegedSite site = await BesiegedSite.StartAsync(TestContext, transport: static t => t.Limits = t.Limits with { MaxResetsPerSecond = 1_000_000 }))
        {
            await using var engine = new Ngtcp2Engine();
            await using Http3Handler handler = HonestClient.NewHandler(engine);
            using var http = new HttpMessageInvoker(handler, disposeHandler: false);
            using var client = new GrpcClient(new Uri($"https://localhost:{site.EndPoint.Port}"), http);
            await CallAsync(site, client, WarmUp);
            int open = ProcessResources.CountDescriptors();
            int threads = ProcessResources.CountLoopThreads();
            int connections = site.Connections;

            var clock = Stopwatch.StartNew();
            Footprint grown = await GrowAsync(site, client, Calls);
            TestContext.WriteLine($"{Calls} calls in {clock.Elapsed.TotalSeconds:0.0} s: {grown}.");

            // The runtime allocates now and then for itself, which stands in some rounds only; a leak stands in all.
            for (int round = 0; round < MoreRounds && !IsNothing(grown); round++)
            {
                grown = await GrowAsync(site, client, CallsInMoreRounds);
                TestContext.WriteLine($"{CallsInMoreRounds} more: {grown}.");
            }

            TestContext.WriteLine($"{_rejections} calls were rejected and made again.");
            Assert.IsLessThanOrEqualTo(FewRejections, _rejections, "Calls were rejected.");
            Assert.IsTrue(IsNothing(grown), $"Something stays of each call: {grown}.");
            Assert.AreEqual(connections, site.Connections, "Connections came or went.");
            Assert.AreEqual(threads, ProcessResources.CountLoopThreads(), "Threads of engines came or went.");
            Assert.IsLessThanOrEqualTo(open, ProcessResources.CountDescriptors(), "Descriptors were opened.");
            foreach (UdpLoop loop in engine.ClientLoops)
            {
                Assert.AreEqual(1, await Ngtcp2Test.OnLoop(loop, static driver => driver.ConnectionCount).WithTimeout(), "All calls went over one connection.");
            }
        }

        await Waiting.Until(() => ProcessResources.CountLoopThreads() <= loops, "the engines' threads end");
        await Waiting.Until(() => ProcessResources.CountDescriptors() <= descriptors, "the descriptors are closed");
    }

    private static bool IsNothing(Footprint grown) =>
        grown.Heap < HeapTolerance && grown.Native < NativeTolerance && grown.PinnedBlocks < PinnedBlocksTolerance;

    private async Task<Footprint> GrowAsync(BesiegedSite site, GrpcClient client, int calls)
    {
        Footprint before = Footprint.Take();
        await CallAsync(site, client, calls);
        return Footprint.Take() - before;
    }

    private async Task CallAsync(BesiegedSite site, GrpcClient client, int calls)
    {
        int left = calls;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(CallUntilDoneAsync)));
        site.ForgetCalls();

        async Task CallUntilDoneAsync()
        {
            for (int number; (number = Interlocked.Decrement(ref left)) >= 0;)
            {
                await CallOnceAsync(client, number);
            }
        }
    }

    private async Task CallOnceAsync(GrpcClient client, int number)
    {
        var request = new SimpleRequest { ResponseSize = 10 + (number % 100), Payload = new Payload { Body = ByteString.CopyFrom(new byte[number % 300]) } };
        switch (number % 20)
        {
            case 7:
                request.ResponseStatus = new EchoStatus { Code = (int)GrpcStatusCode.FailedPrecondition, Message = "asked for" };
                GrpcException exception = await Assert.ThrowsExactlyAsync<GrpcException>(() => UnaryAsync(client, request));
                Assert.AreEqual(GrpcStatusCode.FailedPrecondition, exception.Status.Code);
                break;
            case 13 when number % 3 == 0:
                // Given up at once, when it may not have been sent or be answered already.
                using (var cancellation = new CancellationTokenSource())
                {
                    Task call = client.UnaryAsync(InteropMethods.UnaryCall, request, cancellationToken: cancellation.Token).AsTask();
                    await cancellation.CancelAsync();
                    await call.WaitAsync(TestDeadline.Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                break;
            default:
                SimpleResponse response = await UnaryAsync(client, request);
                Assert.AreEqual(request.ResponseSize, response.Payload.Body.Length);
                break;
        }
    }

    // Once a second Kestrel looks at the requests whose headers have not come yet. It can reject one whose headers come in that instant, since it compares the time with a deadline
    // that is just being cleared (UpdateStreamTimeouts of its Http3Connection).
    private async Task<SimpleResponse> UnaryAsync(GrpcClient client, SimpleRequest request)
    {
        try
        {
            return await client.UnaryAsync(InteropMethods.UnaryCall, request).AsTask().WithTimeout();
        }
        catch (GrpcException exception) when (exception.IsSafeToRetry)
        {
            Interlocked.Increment(ref _rejections);
            return await client.UnaryAsync(InteropMethods.UnaryCall, request).AsTask().WithTimeout();
        }
    }
}
