using System.Net;
using System.Net.Sockets;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resolving;

/// <summary>Resolving a name again and again, with answers that a test gives.</summary>
[TestClass]
public sealed class DnsResolverTests
{
    private static readonly DnsResolverOptions Exact = new() { Jitter = 0, RefreshInterval = TimeSpan.FromSeconds(30), MinInterval = TimeSpan.FromSeconds(2) };

    private readonly ManualTimeProvider _clock = new();
    private readonly List<double> _asked = [];
    private readonly List<ResolveFailedEventArgs> _failures = [];
    private Func<CancellationToken, ValueTask<DnsAnswer>> _answer = static _ => throw new SocketException((int)SocketError.HostNotFound);

    [TestMethod]
    public async Task Resolve_AddressesOfAName_BecomeEndPointsWithItsServerName()
    {
        Answer("10.0.0.2", "fd00::1", "10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1");
        var template = new ChannelEndPoint(new TransportEndPoint("backend.example", 443)) { Weight = 7, Priority = 2, Zone = "north" };
        await using var reader = new ResolverReader(Make(Exact, template));

        Assert.AreEqual("10.0.0.1:443, 10.0.0.2:443, [fd00::1]:443", await reader.NextAsync());
        foreach (ChannelEndPoint endPoint in reader.Current)
        {
            Assert.AreEqual(("backend.example", 7, 2, "north"), (endPoint.EffectiveServerName, endPoint.Weight, endPoint.Priority, endPoint.Zone));
        }
    }

    [TestMethod]
    public async Task Resolve_NoTimeToLive_AsksAtTheIntervalAndTellsOnlyChanges()
    {
        Answer("10.0.0.1", "10.0.0.2");
        await using var reader = new ResolverReader(Make(Exact));
        await reader.NextAsync();
        Answer("10.0.0.2", "10.0.0.1");
        reader.Begin();
        Advance(95);
        Assert.IsFalse(reader.HasNext, "another order is no change");

        Answer("10.0.0.3");
        Advance(30);

        Assert.AreEqual("10.0.0.3:443", await reader.NextAsync());
        CollectionAssert.AreEqual((double[])[0, 30, 60, 90, 120], _asked);
    }

    [TestMethod]
    [DataRow(12.0, 12.0)]
    [DataRow(0.0, 2.0)]
    [DataRow(100_000.0, 300.0)]
    public async Task Resolve_AnswerWithATimeToLive_AsksWhenItIsOver(double timeToLive, double expected)
    {
        Answer("10.0.0.1");
        Func<CancellationToken, ValueTask<DnsAnswer>> plain = _answer;
        _answer = async token => await plain(token) with { TimeToLive = TimeSpan.FromSeconds(timeToLive) };
        await using var reader = new ResolverReader(Make(Exact));
        await reader.NextAsync();
        reader.Begin();
        Advance(expected);

        CollectionAssert.AreEqual((double[])[0, expected], _asked);
    }

    [TestMethod]
    public async Task Resolve_QueriesFail_KeepsTheLastGoodAnswerAndBacksOff()
    {
        Answer("10.0.0.1");
        await using var reader = new ResolverReader(Make(Exact));
        await reader.NextAsync();
        _answer = static _ => throw new SocketException((int)SocketError.TryAgain);
        reader.Begin();
        Advance(150);

        Assert.IsFalse(reader.HasNext);
        CollectionAssert.AreEqual((double[])[0, 30, 32, 36, 44, 60, 90, 120, 150], _asked);
        Assert.HasCount(8, _failures);
        Assert.IsTrue(_failures.All(f => f is { KeepsOld: true, Failure: SocketException }));
        Answer("10.0.0.9");
        Advance(30);
        Assert.AreEqual("10.0.0.9:443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task Resolve_NameUnknownAtFirst_IsFoundOnceItExists()
    {
        await using var reader = new ResolverReader(Make(Exact));
        reader.Begin();
        Advance(5);
        Assert.IsFalse(reader.HasNext);
        Assert.IsFalse(_failures[0].KeepsOld);

        Answer("10.0.0.1");
        Advance(10);

        Assert.AreEqual("10.0.0.1:443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task Resolve_NoAddressOfTheFamily_IsAFailure()
    {
        Answer("10.0.0.1");
        await using var reader = new ResolverReader(Make(Exact with { Family = AddressFamily.InterNetworkV6 }));
        reader.Begin();

        Assert.IsFalse(reader.HasNext);
        StringAssert.Contains(_failures[0].Failure.Message, "'backend.example' has no address of the wanted family (InterNetworkV6)");
    }

    [TestMethod]
    public async Task Resolve_MoreAddressesThanAllowed_AreCutOff()
    {
        Answer("10.0.0.3", "10.0.0.1", "10.0.0.2");
        await using var reader = new ResolverReader(Make(Exact with { MaxAddresses = 2 }));

        Assert.AreEqual("10.0.0.1:443, 10.0.0.2:443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task RequestRefresh_AfterAConnectionFailed_AsksAtOnceButNoMoreOftenThanAllowed()
    {
        Answer("10.0.0.1");
        DnsResolver resolver = Make(Exact);
        await using var reader = new ResolverReader(resolver);
        await reader.NextAsync();
        reader.Begin();
        Advance(10);

        resolver.RequestRefresh();
        await UntilAsync(() => _asked.Count == 2);
        for (int round = 0; round < 5; round++)
        {
            // A storm of failing connections, each of which asks. The loop then waits no longer than the rest of the shortest interval.
            for (int i = 0; i < 50; i++)
            {
                resolver.RequestRefresh();
            }

            await UntilAsync(() => _clock.NextTimer <= TimeSpan.FromSeconds(2));
            _clock.Advance(TimeSpan.FromSeconds(1.9));
            Assert.HasCount(2 + round, _asked);
            _clock.Advance(TimeSpan.FromSeconds(0.1));
            await UntilAsync(() => _asked.Count == 3 + round);
        }

        CollectionAssert.AreEqual((double[])[0, 10, 12, 14, 16, 18, 20], _asked);
    }

    [TestMethod]
    public async Task Resolve_QueryThatNeverAnswers_FailsAtItsTimeout()
    {
        var never = new TaskCompletionSource<DnsAnswer>();
        _answer = _ => new ValueTask<DnsAnswer>(never.Task);
        await using var reader = new ResolverReader(Make(Exact with { Timeout = TimeSpan.FromSeconds(5) }));
        reader.Begin();
        Advance(5);

        await UntilAsync(() => _failures.Count > 0);
        Assert.IsInstanceOfType<TimeoutException>(_failures[0].Failure);
        StringAssert.Contains(_failures[0].Failure.Message, "DnsResolverOptions.Timeout");
    }

    [TestMethod]
    public async Task Resolve_Jitter_SpreadsTheQueries()
    {
        Answer("10.0.0.1");
        await using var reader = new ResolverReader(Make(Exact with { Jitter = 0.2 }, random: TestSeed.TakeRandom()));
        await reader.NextAsync();
        reader.Begin();
        for (int i = 0; i < 100; i++)
        {
            Assert.IsTrue(_clock.AdvanceToNextTimer());
        }

        double[] intervals = [.. _asked.Zip(_asked.Skip(1), static (a, b) => b - a)];
        Assert.HasCount(100, intervals);
        Assert.IsTrue(intervals.All(static i => i is >= 23.9 and <= 36.1), string.Join(", ", intervals));
        Assert.IsTrue(intervals.Min() < 27 && intervals.Max() > 33);
    }

    [TestMethod]
    public async Task Resolve_Cancelled_EndsAndLeavesNoTimer()
    {
        Answer("10.0.0.1");
        var reader = new ResolverReader(Make(Exact));
        await reader.NextAsync();
        reader.Begin();
        Assert.AreEqual(1, _clock.ActiveTimers);

        await reader.DisposeAsync();

        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    [TestMethod]
    public async Task Resolve_ListenerThrows_GoesOn()
    {
        using var log = new NoUnexpectedErrorsScope();
        log.Expect("ResolveListenerBroke");
        var resolver = new DnsResolver(new ChannelEndPoint(new TransportEndPoint("backend.example", 443)), Exact, AskAsync, _clock, new Random(1), log);
        resolver.Failed += static (_, _) => throw new InvalidOperationException("a fault in the listener");
        await using var reader = new ResolverReader(resolver);
        reader.Begin();
        Answer("10.0.0.1");
        Advance(2);

        Assert.AreEqual("10.0.0.1:443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task Resolve_WithTheSystemsResolver_FindsLocalhostAndLiterals()
    {
        await using var reader = new ResolverReader(new DnsResolver(ChannelEndPoint.Parse("127.0.0.1:4433"), timeProvider: _clock));
        Assert.AreEqual("127.0.0.1:4433", await reader.NextAsync());

        await using var named = new ResolverReader(new DnsResolver(ChannelEndPoint.Parse("localhost:443"), timeProvider: _clock));
        await named.NextAsync();
        Assert.IsTrue(named.Current.All(e => IPAddress.IsLoopback(IPAddress.Parse(e.Address.Host)) && e.EffectiveServerName == "localhost"));
    }

    [TestMethod]
    public void Options_AllOutOfRange_AreAllReported()
    {
        var options = new DnsResolverOptions
        {
            RefreshInterval = default, MinInterval = default, MaxTimeToLive = TimeSpan.FromDays(9), Jitter = 1, Timeout = default, Family = AddressFamily.Unix, MaxAddresses = 0,
        };

        Assert.HasCount(6, Assert.ThrowsExactly<ArgumentException>(options.Validate).Message.Split(Environment.NewLine));
    }

    private DnsResolver Make(DnsResolverOptions options, ChannelEndPoint? template = null, Random? random = null)
    {
        var resolver = new DnsResolver(template ?? new ChannelEndPoint(new TransportEndPoint("backend.example", 443)), options, AskAsync, _clock, random ?? new Random(1));
        resolver.Failed += (_, failure) => _failures.Add(failure);
        Assert.AreEqual("dns:backend.example:443", resolver.ToString());
        return resolver;
    }

    private ValueTask<DnsAnswer> AskAsync(string host, CancellationToken cancellationToken)
    {
        Assert.AreEqual("backend.example", host);
        _asked.Add(Math.Round(_clock.Elapsed.TotalSeconds, 3));
        return _answer(cancellationToken);
    }

    private void Answer(params string[] addresses) => _answer = _ => ValueTask.FromResult(new DnsAnswer([.. addresses.Select(IPAddress.Parse)]));

    private static async Task UntilAsync(Func<bool> condition)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started));
            await Task.Yield();
        }
    }

    // The loop runs on this thread, inside of Advance, as all it awaits is a timer of this clock.
    private void Advance(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));
}
