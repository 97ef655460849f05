using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

/// <summary>The breaker and its model see the same random traces and must agree after every step.</summary>
[TestClass]
public sealed class CircuitBreakerModelTests
{
    private const int Traces = 100_000;
    private const int Steps = 40;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Breaker_OnRandomTraces_DoesWhatTheModelDoes()
    {
        int seed = TestSeed.Take(TestContext);
        var visited = new long[4];
        long probes = 0;
        long most = 0;
        for (int trace = 0; trace < Traces; trace++)
        {
            Run(seed + trace, visited, ref probes, ref most);
        }

        TestContext.WriteLine($"{Traces} traces of {Steps} steps; closed {visited[0]}, open {visited[1]}, half open {visited[2]}, isolated {visited[3]}; {probes} probes, {most} at once");
        Assert.IsTrue(visited.All(static v => v > Traces / 10), "The traces do not reach every state: " + string.Join(", ", visited));
        Assert.IsTrue(probes > Traces / 10);
    }

    private static void Run(int seed, long[] visited, ref long probes, ref long most)
    {
        var random = new Random(seed);
        CircuitBreakerOptions options = DrawOptions(random);
        var clock = new ManualTimeProvider();
        using var breaker = new CircuitBreaker("a:1", options, clock, new Random(seed));
        var jitter = new Random(seed);
        var model = new BreakerModel(options, time => (long)(time * (1 + (options.OpenTimeJitter * ((2 * jitter.NextDouble()) - 1)))));
        List<(BreakerPermit Real, BreakerModel.ModelPermit Model)> permits = [];
        int moody = random.Next(2, 10);
        for (int step = 0; step < Steps; step++)
        {
            long now = clock.Elapsed.Ticks;
            switch (random.Next(20))
            {
                case < 8:
                    bool isAcquired = breaker.TryAcquire(out BreakerPermit permit);
                    BreakerModel.ModelPermit? expected = model.Acquire(now);
                    Assert.AreEqual(expected is not null, isAcquired, Where(seed, step, "TryAcquire"));
                    if (expected is not null)
                    {
                        Assert.AreEqual(expected.IsProbe, permit.IsProbe, Where(seed, step, "IsProbe"));
                        probes += permit.IsProbe ? 1 : 0;
                        permits.Add((permit, expected));
                    }

                    break;
                case < 16 when permits.Count > 0:
                    int index = random.Next(permits.Count);
                    CallOutcome outcome = random.Next(10) < moody ? CallOutcome.TransportFailure : (CallOutcome)random.Next(8);
                    permits[index].Real.Report(outcome);
                    model.Report(permits[index].Model, outcome, now);
                    permits.RemoveAt(index);
                    break;
                case < 19:
                    clock.Advance(DrawTime(random, options, model.RetryAfterAt(now)));
                    break;
                default:
                    if (random.Next(8) == 0)
                    {
                        breaker.Isolate();
                        model.Isolate();
                    }
                    else if (random.Next(3) == 0)
                    {
                        breaker.Reset();
                        model.Reset();
                    }

                    break;
            }

            now = clock.Elapsed.Ticks;
            BreakerState state = model.StateAt(now);
            if (breaker.State != state || breaker.RetryAfter?.Ticks != model.RetryAfterAt(now) || breaker.CanAcquire() != model.CanAcquireAt(now))
            {
                Assert.Fail(Where(seed, step, $"{breaker.State} {breaker.RetryAfter} {breaker.CanAcquire()} instead of {state} {model.RetryAfterAt(now)} {model.CanAcquireAt(now)}"));
            }

            visited[(int)state]++;
            most = Math.Max(most, model.ProbesAt(now));
            if (model.ProbesAt(now) > options.HalfOpenCalls)
            {
                Assert.Fail(Where(seed, step, "more probes at once than allowed"));
            }
        }
    }

    private static CircuitBreakerOptions DrawOptions(Random random) => new()
    {
        ConsecutiveFailures = random.Next(4) == 0 ? null : random.Next(1, 5),
        FailureRatio = random.Next(3) == 0 ? null : random.Next(1, 11) / 10.0,
        MinimumThroughput = random.Next(2, 6),
        Window = TimeSpan.FromSeconds(random.Next(1, 20)),
        OpenTime = TimeSpan.FromSeconds(random.Next(1, 10)),
        OpenTimeGrowth = random.Next(1, 4),
        MaxOpenTime = TimeSpan.FromSeconds(random.Next(10, 60)),
        OpenTimeJitter = random.Next(6) / 10.0,
        HalfOpenCalls = random.Next(1, 4),
        SuccessesToClose = random.Next(1, 4),
        ProbeTimeout = TimeSpan.FromSeconds(random.Next(1, 20)),
    };

    // Often to the very moment at which something changes, or one tick beside it.
    private static TimeSpan DrawTime(Random random, CircuitBreakerOptions options, long? retryAfter) => random.Next(5) switch
    {
        0 when retryAfter is long left => TimeSpan.FromTicks(left + random.Next(-1, 2)),
        1 => options.Window + TimeSpan.FromTicks(random.Next(-1, 2)),
        2 => options.ProbeTimeout + TimeSpan.FromTicks(random.Next(-1, 2)),
        3 => TimeSpan.FromTicks(random.NextInt64(options.MaxOpenTime.Ticks)),
        _ => TimeSpan.FromTicks(random.NextInt64(options.Window.Ticks)),
    };

    private static string Where(int seed, int step, string what) => $"{TestSeed.Variable}={seed} as the first trace, step {step}: {what}";
}
