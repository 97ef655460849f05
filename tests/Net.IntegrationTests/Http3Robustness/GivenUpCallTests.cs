using System.Net;
using System.Net.Http;
using Google.Protobuf;
using Net.Grpc;
using Net.Http3;
using Net.IntegrationTests.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Calls that their callers give up, at every moment of their lives: none leaves a handler behind, which would hold up the server's end.</summary>
[TestClass]
public sealed class GivenUpCallTests
{
    // Kestrel's own end of a response waited for ever after one in some ten thousand.
    private static readonly int Calls = LongRun.IsAsked ? 200_000 : 20_000;
    private const int Callers = 16;
    private const int MostSpins = 20_000;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Calls_GivenUpAtEveryMoment_LeaveNoHandlerBehind()
    {
        int left = Calls;
        Random random = TestSeed.TakeRandom(TestContext);
        int[] seeds = [.. Enumerable.Range(0, Callers).Select(_ => random.Next())];
        int givenUp = 0;

        // How many of them the server sees in a second is the machine's matter.
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext, transport: static t => t.Limits = t.Limits with { MaxResetsPerSecond = 1_000_000 });
        await using var engine = new Ngtcp2Engine();
        await using Http3Handler handler = HonestClient.NewHandler(engine);
        using var http = new HttpMessageInvoker(handler, disposeHandler: false);
        var hello = new Uri($"https://localhost:{site.EndPoint.Port}/hello");
        using var client = new GrpcClient(new Uri($"https://localhost:{site.EndPoint.Port}"), http);
        await Task.WhenAll(seeds.Select(seed => Task.Run(() => CallAsync(new Random(seed)))));
        TestContext.WriteLine($"{givenUp} calls were given up.");
        Assert.IsGreaterThan(0, givenUp);

        async Task CallAsync(Random chance)
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var request = new SimpleRequest { ResponseSize = chance.Next(2000), Payload = new Payload { Body = ByteString.CopyFrom(new byte[chance.Next(2000)]) } };
                using var cancellation = new CancellationTokenSource();
                Task call = chance.Next(2) == 0 ? GetAsync(cancellation.Token) : client.UnaryAsync(InteropMethods.UnaryCall, request, cancellationToken: cancellation.Token).AsTask();
                Thread.SpinWait(chance.Next(4) == 0 ? 0 : chance.Next(MostSpins));
                await cancellation.CancelAsync();
                await call.WaitAsync(TestDeadline.Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!call.IsCompletedSuccessfully)
                {
                    Interlocked.Increment(ref givenUp);
                }
            }
        }

        async Task GetAsync(CancellationToken cancellationToken)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, hello) { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
            await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
    }
}
