using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>Defaults, and faults that are all told at once.</summary>
[TestClass]
public sealed class OptionsTests
{
    [TestMethod]
    public void PoolDefaults_AreThoseThatUsersKnow()
    {
        PoolOptions options = PoolOptions.Default;
        options.Validate();
        Assert.AreEqual((2, 10), (options.MinConnections, options.MaxConnections));
        Assert.AreEqual(TimeSpan.FromSeconds(300), options.IdleTimeout);
        Assert.AreEqual(TimeSpan.FromSeconds(1800), options.Lifetime);
        Assert.AreEqual(TimeSpan.FromSeconds(10), options.ConnectTimeout);
        Assert.AreEqual(TimeSpan.FromSeconds(60), options.KeepAliveInterval);
    }

    [TestMethod]
    public void Pool_WithManyFaults_TellsThemAll()
    {
        var options = new PoolOptions
        {
            MinConnections = 20,
            MaxConnections = 10,
            MaxStreamsPerConnection = 0,
            GrowAt = double.NaN,
            IdleTimeout = TimeSpan.Zero,
            Lifetime = TimeSpan.FromDays(2),
            LimitJitter = 0.6,
            DrainTimeout = TimeSpan.FromSeconds(-5),
            ConnectTimeout = TimeSpan.Zero,
            ConnectAttemptDelay = TimeSpan.Zero,
            ConnectBackoff = TimeSpan.FromSeconds(5),
            MaxConnectBackoff = TimeSpan.FromSeconds(4),
            KeepAliveInterval = TimeSpan.FromSeconds(160),
            MaxWaiters = -1,
            WaitTimeout = TimeSpan.FromHours(2),
        };
        string message = Assert.ThrowsExactly<ArgumentException>(options.Validate).Message;
        foreach (string property in new[]
        {
            nameof(options.MaxConnections), nameof(options.MaxStreamsPerConnection), nameof(options.GrowAt), nameof(options.IdleTimeout), nameof(options.Lifetime), nameof(options.LimitJitter),
            nameof(options.DrainTimeout), nameof(options.ConnectTimeout), nameof(options.ConnectAttemptDelay), nameof(options.MaxConnectBackoff), nameof(options.KeepAliveInterval), nameof(options.MaxWaiters),
            nameof(options.WaitTimeout),
        })
        {
            StringAssert.Contains(message, $"{nameof(PoolOptions)}.{property} ");
        }
    }

    [TestMethod]
    public void Race_WithFaults_TellsThemAll()
    {
        string message = Assert.ThrowsExactly<ArgumentException>(new ProtocolRaceOptions
        {
            Policy = (FallbackPolicy)9,
            HeadStart = TimeSpan.FromSeconds(11),
            MinHeadStart = TimeSpan.FromSeconds(3),
            HeadStartRoundTrips = 0,
            MemoryHalfLife = TimeSpan.Zero,
            ProbeInterval = TimeSpan.FromMinutes(3),
        }.Validate).Message;
        Assert.HasCount(6, message.Split(Environment.NewLine), message);
    }

    [TestMethod]
    public void Channel_WithFaultsInItsParts_TellsThemAll()
    {
        var place = ChannelEndPoint.Parse("10.0.0.1:443");
        var options = new NetChannelOptions
        {
            Name = "",
            Tls = null!,
            EndPoints = [place, place with { Weight = 2 }, ChannelEndPoint.Parse("10.0.0.2:443") with { Weight = 0 }],
            Pool = new PoolOptions { MaxConnections = 0 },
            Breaker = new CircuitBreakerOptions { OpenTimeJitter = 2 },
            Balancing = null!,
            WarmUp = [null!],
        };
        string message = Assert.ThrowsExactly<ArgumentException>(() => new NetChannel(options)).Message;
        foreach (string part in new[] { "Name", "Tls", "twice", "Weight", "MaxConnections", "OpenTimeJitter", "Balancing", "WarmUp" })
        {
            StringAssert.Contains(message, part);
        }
    }

    [TestMethod]
    public void EndPoint_IsKnownByItsPlaceAlone()
    {
        ChannelEndPoint one = ChannelEndPoint.Parse("https://Server.example:443");
        IEqualityComparer<ChannelEndPoint> places = ChannelEndPoint.PlaceComparer;
        Assert.IsTrue(places.Equals(one, one with { Weight = 7, Priority = 1, Zone = "a" }));
        Assert.AreEqual(places.GetHashCode(one), places.GetHashCode(one with { Weight = 7 }));
        Assert.IsFalse(places.Equals(one, one with { ServerName = "other.example" }));
        Assert.IsFalse(places.Equals(one, ChannelEndPoint.Parse("server.example:444")));
        Assert.AreNotEqual(one, one with { Weight = 7 });
        Assert.AreEqual(5, new ChannelEndPoint(new TransportEndPoint("a", 1) { Weight = 5 }).Weight);
        Assert.AreEqual("n", new ChannelEndPoint(new TransportEndPoint("a", 1) { ServerName = "n" }).EffectiveServerName);
    }

    [TestMethod]
    public void FixedTlsSource_NeverChanges()
    {
        ClientTlsOptions options = new FakeTlsSource().Current;
        ClientTlsSource source = ClientTlsSource.Fixed(options);
        Assert.AreSame(options, source.Current);
        Assert.AreEqual((0L, 0L), (source.Generation, source.OldestTrustedGeneration));
    }
}
