using System.IO.Pipelines;
using System.Text;
using Net.Channels;
using Net.Client;
using Net.IntegrationTests.Interop;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>Raw streams with an opening that may be sent again, and how calls are shared out when one server is slow; over real sockets.</summary>
[TestClass]
public sealed class StreamCallTests
{
    private static InteropCertificates s_certificates = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    public async Task Call_ToAServerThatIsFull_IsSentToAnotherWhateverItsIdempotency()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawStreamHost full = await RawStreamHost.StartAsync(s_certificates, (_, _) => release.Task, new RawStreamServerOptions { MaxConcurrentStreams = 1 });
        await using RawStreamHost free = await RawStreamHost.StartAsync(s_certificates, static (stream, _) => RawStreamHost.EchoAsync(stream));
        await using ClientChannel occupant = Builder(full).Build();
        await using RawStream occupied = await occupant.OpenStreamAsync("work", new RawStreamOptions { SendHeaderAtOnce = true }).AsTask().WithTimeout();
        await WaitAsync(() => full.Calls == 1);
        await using ClientChannel channel = Builder(full, free).UseBalancing(Balancing.RoundRobin).Build();
        await channel.WarmUpStreamsAsync(2).WithTimeout();

        for (int i = 0; i < 10; i++)
        {
            await using RawStream stream = await channel.CallStreamAsync("work", Encoding.UTF8.GetBytes($"call {i}"), endsOutput: true).AsTask().WithTimeout();
            Assert.AreEqual($"call {i}", await ReadAsync(stream));
        }

        // Half of them were refused there first, and no handler ran for them.
        Assert.AreEqual(10, free.Calls);
        Assert.AreEqual(1, full.Calls);
        Assert.IsGreaterThan(0, channel.GetSnapshot().EndPoints.Single(e => full.Address.EndsWith($":{e.EndPoint.Address.Port}", StringComparison.Ordinal)).Ended);
        release.SetResult();
        await WaitAsync(() => channel.GetSnapshot().InFlight == 0);
    }

    [TestMethod]
    [DataRow(Idempotency.Idempotent, 2)]
    [DataRow(Idempotency.NonIdempotent, 1)]
    public async Task Call_WhoseHandlerFails_IsSentAgainOnlyWhenIdempotent(Idempotency idempotency, int expectedCalls)
    {
        await using RawStreamHost host = await RawStreamHost.StartAsync(
            s_certificates, static (stream, number) => number == 1 ? throw new InvalidOperationException("The first one fails.") : RawStreamHost.EchoAsync(stream));
        await using ClientChannel channel = Builder(host).AddRetry(new RetryOptions { InitialBackoff = TimeSpan.FromMilliseconds(1) }).Build();
        ValueTask<RawStream> call = channel.CallStreamAsync("work", "again"u8.ToArray(), endsOutput: true, new RawStreamOptions { Idempotency = idempotency });

        if (expectedCalls == 2)
        {
            await using RawStream stream = await call.AsTask().WithTimeout();
            Assert.AreEqual("again", await ReadAsync(stream));
        }
        else
        {
            TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => call.AsTask().WithTimeout());
            Assert.AreEqual(RawStreamErrorCodes.HandlerFailed, exception.ApplicationErrorCode);
        }

        Assert.AreEqual(expectedCalls, host.Calls);
        await WaitAsync(() => channel.GetSnapshot().InFlight == 0);
    }

    [TestMethod]
    public async Task Call_ThatWasAnswered_IsNotSentAgainAndGoesOnBothWays()
    {
        await using RawStreamHost host = await RawStreamHost.StartAsync(s_certificates, static async (stream, _) =>
        {
            ReadResult opening = await stream.Input.ReadAtLeastAsync(4);
            stream.Input.AdvanceTo(opening.Buffer.End);
            await stream.Output.WriteAsync("first"u8.ToArray());
            ReadResult more = await stream.Input.ReadAtLeastAsync(4);
            stream.Input.AdvanceTo(more.Buffer.End);
            throw new InvalidOperationException("It fails after its answer began.");
        });
        await using ClientChannel channel = Builder(host).AddRetry().Build();
        await using RawStream stream = await channel.CallStreamAsync(
            "work", "open"u8.ToArray(), endsOutput: false, new RawStreamOptions { Idempotency = Idempotency.Idempotent }).AsTask().WithTimeout();

        ReadResult answer = await stream.Input.ReadAtLeastAsync(5).WithTimeout();
        Assert.AreEqual("first", Encoding.UTF8.GetString(answer.Buffer.FirstSpan));
        stream.Input.AdvanceTo(answer.Buffer.End);
        await stream.Output.WriteAsync("more"u8.ToArray()).WithTimeout();
        await Assert.ThrowsExactlyAsync<TransportException>(() => stream.Input.ReadAsync().WithTimeout());

        Assert.AreEqual(1, host.Calls);
        await stream.DisposeAsync();
        await WaitAsync(() => channel.GetSnapshot().InFlight == 0);
    }

    [TestMethod]
    public async Task Call_OfAnUnknownRouteOrPastItsDeadline_FailsAndGivesAllBack()
    {
        await using RawStreamHost host = await RawStreamHost.StartAsync(s_certificates, static (stream, _) => Task.Delay(Timeout.Infinite, stream.CancellationToken));
        await using ClientChannel channel = Builder(host).AddRetry().Build();

        TransportException unknown = await Assert.ThrowsExactlyAsync<TransportException>(() => channel.CallStreamAsync("nowhere", default, endsOutput: true).AsTask().WithTimeout());
        Assert.AreEqual(RawStreamErrorCodes.UnknownRoute, unknown.ApplicationErrorCode);
        TransportException late = await Assert.ThrowsExactlyAsync<TransportException>(
            () => channel.CallStreamAsync("work", default, endsOutput: true, new RawStreamOptions { Deadline = TimeSpan.FromMilliseconds(50) }).AsTask().WithTimeout());
        Assert.AreEqual(TransportError.DeadlineExceeded, late.Error);
        await Assert.ThrowsExactlyAsync<ArgumentOutOfRangeException>(() => channel.CallStreamAsync("work", new byte[ClientChannel.MaxStreamOpening + 1], endsOutput: true).AsTask());
        await WaitAsync(() => channel.GetSnapshot().InFlight == 0);
    }

    [TestMethod]
    public async Task Balancing_WithOneServerFiveTimesSlower_GivesItFewerCallsThanRoundRobin()
    {
        const int Calls = 600;
        await using RawStreamHost slow = await RawStreamHost.StartAsync(s_certificates, static (stream, _) => WorkAsync(stream, 50));
        await using RawStreamHost second = await RawStreamHost.StartAsync(s_certificates, static (stream, _) => WorkAsync(stream, 10));
        await using RawStreamHost third = await RawStreamHost.StartAsync(s_certificates, static (stream, _) => WorkAsync(stream, 10));
        Dictionary<string, int> toSlow = [];
        foreach (BalancingPolicy policy in new[] { Balancing.RoundRobin, Balancing.LeastConnections, Balancing.PeakEwma })
        {
            await using ClientChannel channel = Builder(slow, second, third).UseBalancing(policy).UsePool(PoolOptions.Default with { MinConnections = 1, MaxConnections = 1 })
                .UseHealth(null).UseClock(TimeProvider.System, new Random(1)).Build();
            await channel.Pool.WarmUpAsync(channel.StreamProtocol, 3).WithTimeout();
            int before = slow.Calls;
            List<double> times = [];
            int left = Calls;
            await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    long started = TimeProvider.System.GetTimestamp();
                    await using RawStream stream = await channel.CallStreamAsync("work", "x"u8.ToArray(), endsOutput: true);
                    Assert.AreEqual("x", await ReadAsync(stream));
                    double time = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
                    lock (times)
                    {
                        times.Add(time);
                    }
                }
            })).WithTimeout(TimeSpan.FromMinutes(2));
            times.Sort();
            toSlow[policy.Name] = slow.Calls - before;
            TestContext.WriteLine(FormattableString.Invariant(
                $"{policy.Name}: p50 {times[Calls / 2]:0.0} ms, p99 {times[Calls * 99 / 100]:0.0} ms, {100.0 * toSlow[policy.Name] / Calls:0.0} % of the calls to the slow server"));
        }

        Assert.AreEqual(Calls / 3, toSlow[Balancing.RoundRobin.Name], 3);
        Assert.IsLessThan(toSlow[Balancing.RoundRobin.Name], toSlow[Balancing.LeastConnections.Name]);
        Assert.IsLessThan(toSlow[Balancing.RoundRobin.Name], toSlow[Balancing.PeakEwma.Name]);
    }

    private static async Task WorkAsync(RawStreamContext stream, int milliseconds)
    {
        await Task.Delay(milliseconds, stream.CancellationToken);
        await RawStreamHost.EchoAsync(stream);
    }

    private static NetChannelBuilder Builder(params RawStreamHost[] hosts) =>
        new NetChannelBuilder([.. hosts.Select(static host => host.Address)]).UseTrust(s_certificates.Trust).UseFallback(FallbackPolicy.Exact);

    private static async Task<string> ReadAsync(RawStream stream)
    {
        using var reader = new StreamReader(stream.Input.AsStream(leaveOpen: true), Encoding.UTF8);
        return await reader.ReadToEndAsync().WithTimeout();
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Limit);
        while (!condition())
        {
            Assert.IsFalse(deadline.IsCancellationRequested, "It never came to that.");
            await Task.Delay(20);
        }
    }
}
