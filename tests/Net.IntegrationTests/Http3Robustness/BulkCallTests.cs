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
using Net.Testing;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Very many calls, after which everything is as it was before them. Some of them fail, by their server or by their caller.</summary>
[TestClass]
[DoNotParallelize]
public sealed class BulkCallTests
{
    private const int Callers = 24;
    private const int WarmUp = 4000;
    private const int MoreRounds = 4;
    private const long ManagedTolerance = 3 << 20;
    private const long NativeTolerance = 2 << 20;

    // Of tens of thousands: what is rejected more often than by a rare coincidence is a fault of ours.
    private const int FewRejections = 5;
    private int _rejections;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Calls_ByTheTenThousand_LeaveNothing()
    {
        int calls = LongRun.IsAsked ? 100_000 : 20_000;
        int descriptors = ProcessResources.CountDescriptors();
        int loops = ProcessResources.CountLoopThreads();
        await using (BesiegedSite site = await BesiegedSite.StartAsync(TestContext))
        {
            await using var engine = new Ngtcp2Engine();
            await using Http3Handler handler = HonestClient.NewHandler(engine);
            using var http = new HttpMessageInvoker(handler, disposeHandler: false);
            using var client = new GrpcClient(new Uri($"https://localhost:{site.EndPoint.Port}"), http);
            await CallAsync(site, client, WarmUp);
            int open = ProcessResources.CountDescriptors();
            int connections = site.Connections;
            long managed = Memory.ManagedBytes();
            long native = ProcessResources.NativeBytes();

            var clock = Stopwatch.StartNew();
            await CallAsync(site, client, calls);
            TestContext.WriteLine($"{calls} calls in {clock.Elapsed.TotalSeconds:0.0} s.");

            (long managedGrown, long nativeGrown) = (Memory.ManagedBytes() - managed, ProcessResources.NativeBytes() - native);

            // The runtime allocates now and then for itself, which stands in some rounds only; a leak stands in all.
            for (int round = 0; round < MoreRounds && (managedGrown >= ManagedTolerance || nativeGrown >= NativeTolerance); round++)
            {
                (managed, native) = (Memory.ManagedBytes(), ProcessResources.NativeBytes());
                await CallAsync(site, client, calls / MoreRounds);
                (managedGrown, nativeGrown) = (Memory.ManagedBytes() - managed, ProcessResources.NativeBytes() - native);
            }

            TestContext.WriteLine($"The heap grew by {managedGrown} bytes, native memory by {nativeGrown}; {_rejections} calls were rejected and made again.");
            Assert.IsLessThanOrEqualTo(FewRejections, _rejections, "Calls were rejected.");
            Assert.IsLessThan(ManagedTolerance, managedGrown, "The heap grew.");
            Assert.IsLessThan(NativeTolerance, nativeGrown, "Native memory grew.");
            Assert.AreEqual(connections, site.Connections, "Connections came or went.");
            Assert.IsLessThanOrEqualTo(open, ProcessResources.CountDescriptors(), "Descriptors were opened.");
        }

        await Waiting.Until(() => ProcessResources.CountLoopThreads() <= loops, "the engines' threads end");
        await Waiting.Until(() => ProcessResources.CountDescriptors() <= descriptors, "the descriptors are closed");
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
