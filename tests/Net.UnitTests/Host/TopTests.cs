using Net.Channels;
using Net.Client;
using Net.Hosting.Watching;
using Net.Testing;

namespace Net.UnitTests.Host;

/// <summary>What <c>net top</c> makes of two answers, and how it draws them.</summary>
[TestClass]
public sealed class TopTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void From_TwoAnswers_RatesAndLossAreOfTheTimeBetween()
    {
        ChannelsDocument before = Document(0, EndPoint(1, "a:443", ended: 100, failed: 10, Connection(1, sent: 1000, lost: 0)));
        ChannelsDocument after = Document(2, EndPoint(1, "a:443", ended: 400, failed: 16, Connection(1, sent: 1100, lost: 5), Connection(2, sent: 100, lost: 1)));

        TopChannel channel = TopReport.From("x", before, after).Channels[0];

        Assert.AreEqual(150, channel.CallsPerSecond);
        Assert.AreEqual(150, channel.EndPoints[0].CallsPerSecond);
        Assert.AreEqual(3, channel.EndPoints[0].FailuresPerSecond);
        Assert.AreEqual(3, channel.EndPoints[0].LossPercent);
        Assert.AreEqual("2 h3", channel.EndPoints[0].Protocols);
    }

    [TestMethod]
    public void From_OneAnswer_KnowsNoRatesAndTheLossOfAllTime()
    {
        TopEndPoint endPoint = TopReport.From("x", null, Document(0, EndPoint(1, "a:443", 100, 10, Connection(1, 200, 1)))).Channels[0].EndPoints[0];

        Assert.IsNull(endPoint.CallsPerSecond);
        Assert.AreEqual(0.5, endPoint.LossPercent);
    }

    [TestMethod]
    public void From_ProgramStartedAgain_DoesNotCompareWithTheOldOne()
    {
        ChannelsDocument after = Document(1, EndPoint(1, "a:443", 700, 0)) with { ProcessId = 8 };

        Assert.IsNull(TopReport.From("x", Document(0, EndPoint(1, "a:443", 100, 0)), after).Channels[0].CallsPerSecond);
    }

    [TestMethod]
    public void Draw_AnyWidth_FitsAndKeepsTheName()
    {
        TopReport report = TopReport.From("x", null, Document(0, EndPoint(1, "a.example:443", 1, 0, Connection(1, 1, 0)), EndPoint(2, "a-very-long-name.of-an-end-point.example:8443", 1, 0)));

        for (int width = 1; width <= 220; width++)
        {
            TopLine[] lines = [.. TopScreen.Draw(report, new TopView { ShowsConnections = true }, width)];

            Assert.IsTrue(lines.All(line => line.Text.Length <= width), $"width {width}: {string.Join('|', lines.Select(static line => line.Text))}");
            Assert.IsTrue(width < TopScreen.ShortestName || lines.Any(static line => line.Text.StartsWith("a.example", StringComparison.Ordinal)), $"width {width}");
        }

        string heading = TopScreen.Draw(report, new TopView(), 80).Single(static line => line.Tone == TopTone.Heading).Text;
        Assert.Contains("HEALTH", heading);
        Assert.Contains("CALLS/S", heading);
        Assert.IsFalse(heading.Contains("PROTOCOL", StringComparison.Ordinal), heading);
        Assert.Contains("PROTOCOL", TopScreen.Draw(report, new TopView(), 140).Single(static line => line.Tone == TopTone.Heading).Text);
    }

    [TestMethod]
    public void Draw_TextThatCommandsTheTerminal_IsHarmless()
    {
        EndPointDocument endPoint = EndPoint(1, "a\e[2J:443", 0, 0, Connection(1, 1, 0) with { Choice = "x\e]0;title\a" }) with { Health = HealthState.Unhealthy, Reason = "\u009b31m\r\nno" };
        ChannelsDocument document = Document(0, endPoint);
        document = document with { Channels = [document.Channels[0] with { Name = "orders\e[H" }] };

        TopLine[] lines = [.. TopScreen.Draw(TopReport.From("x", null, document), new TopView { ShowsConnections = true }, 300)];

        Assert.HasCount(5, lines);
        Assert.IsFalse(lines.Any(static line => line.Text.Any(char.IsControl)));
        Assert.AreEqual(TopTone.Bad, lines[2].Tone);
    }

    [TestMethod]
    [DataRow('n', "a b c")]
    [DataRow('t', "b a c")]
    [DataRow('f', "c b a")]
    [DataRow('a', "c a b")]
    public void Press_KeyOfAColumn_SortsAndAgainReverses(char key, string order)
    {
        EndPointDocument[] endPoints =
        [
            EndPoint(1, "c", 0, 0) with { InFlight = 9 }, EndPoint(2, "a", 0, 0) with { SmoothedRtt = 1, InFlight = 1 }, EndPoint(3, "b", 0, 0) with { SmoothedRtt = 5, InFlight = 4 },
        ];
        TopEndPoint[] shown = [.. TopReport.From("x", null, Document(0, endPoints)).Channels[0].EndPoints];
        TopView view = new TopView { Order = TopOrder.Loss }.Press(Key(key))!;

        Assert.AreEqual(order, string.Join(' ', view.Sort(shown).Select(static e => e.Address)));
        string reversed = string.Join(' ', view.Press(Key(key))!.Sort(shown).Select(static e => e.Address));
        Assert.AreEqual(key == 't' ? "a b c" : string.Join(' ', order.Split(' ').Reverse()), reversed);
    }

    [TestMethod]
    public void Press_OtherKeys_QuitOrChangeNothing()
    {
        var view = new TopView();

        Assert.IsNull(view.Press(Key('q')));
        Assert.IsNull(view.Press(new ConsoleKeyInfo('\e', ConsoleKey.Escape, false, false, false)));
        Assert.IsNull(view.Press(new ConsoleKeyInfo('\u0003', ConsoleKey.C, false, false, true)));
        Assert.AreSame(view, view.Press(Key('x')));
        Assert.IsTrue(view.Press(Key('c'))!.ShowsConnections);
    }

    [TestMethod]
    public void Draw_AnyReport_NeverFails()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 2000; i++)
        {
            ChannelsDocument before = Document(0, [.. Enumerable.Range(0, random.Next(4)).Select(n => RandomEndPoint(random, n))]);
            ChannelsDocument after = Document(random.Next(-1, 3), [.. Enumerable.Range(0, random.Next(4)).Select(n => RandomEndPoint(random, n))]);
            int width = random.Next(1, 150);
            var view = new TopView { Order = (TopOrder)random.Next(7), IsReversed = random.Next(2) == 0, ShowsConnections = true };

            Assert.IsTrue(TopScreen.Draw(TopReport.From("x", before, after), view, width).All(line => line.Text.Length <= width && !line.Text.Any(char.IsControl)));
        }
    }

    private static EndPointDocument RandomEndPoint(Random random, int id) =>
        EndPoint(id, new string('e', random.Next(60)), random.Next(9), random.Next(9), [.. Enumerable.Range(0, random.Next(3)).Select(n => Connection(n, random.Next(9), random.Next(9)))]) with
        {
            Health = (HealthState)random.Next(3),
            Reason = random.Next(2) == 0 ? null : new string('\r', random.Next(99)),
            Path = random.Next(2) == 0 ? null : (HealthState)random.Next(3),
            Breaker = random.Next(2) == 0 ? null : (BreakerState)random.Next(4),
            BreakerRetryAfter = random.Next(2) == 0 ? null : random.Next(100_000),
            SmoothedRtt = random.Next(2) == 0 ? null : random.NextDouble() * 1000,
            IsEjected = random.Next(2) == 0,
            IsRemoved = random.Next(2) == 0,
        };

    private static ConsoleKeyInfo Key(char character) => new(character, ConsoleKey.None, false, false, false);

    private static ChannelsDocument Document(double seconds, params EndPointDocument[] endPoints) => new()
    {
        ProcessId = 7,
        Channels =
        [
            new ChannelDocument
            {
                Id = 1, Name = "orders", Time = Start.AddSeconds(seconds), State = ChannelState.Open, Generation = 0, InFlight = 0, Waiters = 0, EndPoints = endPoints,
            },
        ],
    };

    private static EndPointDocument EndPoint(int id, string address, long ended, long failed, params ConnectionDocument[] connections) => new()
    {
        Id = id, Address = address, Weight = 1, Priority = 0, IsRemoved = false, Health = HealthState.Healthy, IsEjected = false, InFlight = 0,
        Ended = ended, Failed = failed, ConnectFailures = 0, UdpBlocked = 0, Connections = connections,
    };

    private static ConnectionDocument Connection(long id, long sent, long lost) => new()
    {
        Id = id, Protocol = "h3", Transport = "quic", State = PooledConnectionState.Ready, Generation = 0, Age = 0, Leases = 0, Room = 100, Choice = "", DatagramsSent = sent, PacketsLost = lost,
    };
}
