using System.Text.Json;
using System.Xml.Linq;
using Net.Chaos.Judging;
using Net.Chaos.Ledgers;
using Net.Chaos.Reporting;
using Net.Chaos.Running;
using Net.Chaos.Scenarios;

namespace Net.ChaosTests.Reporting;

/// <summary>What reports say of a run that passed and of one that failed.</summary>
[TestClass]
public sealed class ReportTests
{
    private const string Command = "net-chaos run a.yaml --seed 18446744073709551615";

    [TestMethod]
    public void Json_OfARun_HoldsSeedNumbersAndBadCalls()
    {
        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize([Report(holds: false)], ReportJson.Default.IReadOnlyListReportModel));

        JsonElement run = json.RootElement[0];
        Assert.AreEqual("18446744073709551615", run.GetProperty("seed").GetString());
        Assert.AreEqual(Command, run.GetProperty("command").GetString());
        Assert.IsFalse(run.GetProperty("passed").GetBoolean());
        Assert.AreEqual(0.5, run.GetProperty("figures").GetProperty("success").GetDouble());
        Assert.AreEqual("Unknown", run.GetProperty("badCalls")[0].GetProperty("result").GetString());
        Assert.AreEqual(1, run.GetProperty("seconds").EnumerateArray().Where(static s => s.GetProperty("host").GetString() == "h1").Sum(static s => s.GetProperty("ok").GetInt32()));
        Assert.IsGreaterThan(0, run.GetProperty("machine").GetProperty("cores").GetInt32());
    }

    [TestMethod]
    public void Results_OfAFailedRun_NameTheReasonAndKeepTheTableWhole()
    {
        string page = ResultsPage.Write([Report(holds: false), Report(holds: true)]);

        Assert.Contains("| 11 | a | proof: kill on h1 happened | 0 processes \\| threads | 18446744073709551615 | FAIL | 1 calls: it was lost \\| or not |", page);
        Assert.Contains("| 11 | a | proof: kill on h1 happened | 0 processes \\| threads | 18446744073709551615 | pass |  |", page);
        Assert.Contains("1 of 2 scenarios passed", page);
    }

    [TestMethod]
    public void Timeline_OfARun_IsOneFileWithADrawingOfItsFaults()
    {
        string page = TimelinePage.Write([Report(holds: false)]);

        string drawing = page[page.IndexOf("<svg", StringComparison.Ordinal)..(page.IndexOf("</svg>", StringComparison.Ordinal) + 6)];
        XElement svg = XElement.Parse(drawing);
        Assert.IsTrue(svg.Descendants("title").Any(static t => t.Value.StartsWith("kill h1", StringComparison.Ordinal)));
        Assert.IsTrue(svg.Descendants("title").Any(static t => t.Value == "second 1: 1 successes"));
        Assert.IsTrue(svg.Descendants("title").Any(static t => t.Value == "second 3: 1 failed or unknown"));
        Assert.Contains("&lt;b&gt;", page);
        Assert.DoesNotContain("<b>bold", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("http", page);
    }

    [TestMethod]
    public void Lines_OfAFailedRun_SayWhatDoesNotHold()
    {
        var output = new StringWriter();
        new LineObserver(output).Ended(Result(holds: false));

        Assert.Contains("DOES NOT proof: kill on h1 happened", output.ToString());
        Assert.Contains("a: FAILED", output.ToString());
    }

    [TestMethod]
    public void Ledger_OfARun_BalancesAndNamesWhatWasSeenOfCertificates()
    {
        RunResult result = Result(holds: true);
        var stream = new StreamRecord { Client = "c1", Load = "stream 3", Number = 1, Sent = 9, Received = 7, Wrong = 2, BrokenAt = TimeSpan.FromSeconds(1) };
        string[] lines =
        [
            .. LedgerText.Of(result with
            {
                Evidence = result.Evidence with
                {
                    Streams = [stream],
                    Certificates = new CertificateEvidence { Changes = 4, FreshHandshakes = 5, LongestOld = TimeSpan.FromSeconds(0.5), BadShown = 0, Refusals = 3, OldAuthorityOffered = 7, OldAuthorityRefused = 6 },
                },
            }),
        ];

        Assert.HasCount(5, lines);
        Assert.Contains("2 issued = 1 OK + 0 refused + 0 failed + 1 unknown", lines[0]);
        Assert.Contains("1 opened (1 of stream 3), 1 broken; 9 messages sent = 7 back in their place + 2 missing", lines[1]);
        Assert.Contains("4 changed; the one before was last shown 0.500 s after; 5 handshakes", lines[2]);
        Assert.Contains("3 refusals", lines[3]);
        Assert.Contains("6 of 7 refuse", lines[4]);
        Assert.HasCount(1, LedgerText.Of(result));
    }

    [TestMethod]
    public void ClientsThatBalanceInDifferentWays_AreComparedInEveryReport()
    {
        RunResult result = Result(holds: true);
        CallRecord fast = Make(3, "c2");
        fast.End(CallResult.Ok, TimeSpan.FromSeconds(3.125), hosts: ["h2"]);
        RunEvidence evidence = result.Evidence with { Calls = [.. result.Evidence.Calls, fast] };
        result = result with
        {
            Scenario = result.Scenario with { Topology = new Topology { Clients = 3 }, Client = new ClientPlan { Balancing = ["round-robin", "peak-ewma"] } },
            Evidence = evidence,
            Figures = FigureCounter.Count(evidence),
        };

        ReportModel report = ReportBuilder.Build(result, Command);

        Assert.AreSequenceEqual(["c1 round-robin 0.25", "c2 peak-ewma 0.125"], report.Clients.Select(static c => FormattableString.Invariant($"{c.Client} {c.Balancing} {c.Mean}")));
        Assert.AreEqual(1, report.Clients[1].Hosts["h2"]);
        Assert.AreEqual(0.5, report.Figures[Figures.MeanAgainstFirst]);
        Assert.Contains("peak-ewma         1 OK (h2 1); ms: mean 125.0, p50 125.0, p90 125.0, p99 125.0", LedgerText.Of(result).Last());
        Assert.Contains("<td>peak-ewma</td><td>1 <small>h2 1</small></td><td>125.0</td>", TimelinePage.Write([report]));
        Assert.Contains("\"balancing\": \"peak-ewma\"", JsonSerializer.Serialize([report], ReportJson.Default.IReadOnlyListReportModel));
        Assert.IsEmpty(Report(holds: true).Clients, "There is nothing to compare.");
    }

    [TestMethod]
    public void Passed_RunWithoutFindings_IsNoSuccess() => Assert.IsFalse((Result(holds: true) with { Findings = [] }).Passed);

    private static ReportModel Report(bool holds) => ReportBuilder.Build(Result(holds), Command);

    private static RunResult Result(bool holds)
    {
        var scenario = new Scenario { Name = "a", About = "What <b>bold</b> text does", Rows = [11] };
        CallRecord ok = Make(1);
        ok.End(CallResult.Ok, TimeSpan.FromSeconds(1.25), hosts: ["h1"]);
        CallRecord bad = Make(2);
        bad.End(CallResult.Unknown, TimeSpan.FromSeconds(3.5), "it was lost | or not", ["h2"], 2);
        var fault = new FaultRecord { Word = "kill", Target = "h1", Began = TimeSpan.FromSeconds(1), Ended = TimeSpan.FromSeconds(2), Hosts = ["h1"], Proof = 1, ProofOf = "processes" };
        var evidence = new RunEvidence { Calls = [ok, bad], Faults = [fault], LoadEnded = TimeSpan.FromSeconds(4) };
        var finding = new Finding("proof", "kill on h1 happened", "0 processes | threads", holds);
        return new RunResult(scenario, ulong.MaxValue, DateTimeOffset.UnixEpoch, evidence, [finding], FigureCounter.Count(evidence), null);
    }

    private static CallRecord Make(int second, string client = "c1") => new()
    {
        Id = (UInt128)second, Client = client, Load = "unary 1", IsIdempotent = true, Began = TimeSpan.FromSeconds(second), Deadline = TimeSpan.FromSeconds(second + 10),
    };
}
