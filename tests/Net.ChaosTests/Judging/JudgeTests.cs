using Net.Chaos.Judging;
using Net.Chaos.Ledgers;
using Net.Chaos.Scenarios;

namespace Net.ChaosTests.Judging;

/// <summary>A run in which everything went well holds; each thing that can go wrong is found under its own rule, and nothing else is.</summary>
[TestClass]
public sealed class JudgeTests
{
    private static readonly CallDigest Digest = CallDigest.Of("request"u8);

    private readonly List<CallRecord> _calls = [];
    private readonly List<string> _lines = [];
    private readonly FaultRecord _fault = new()
    {
        Word = "kill", Target = "h1", Began = At(3), Ended = At(4), Hosts = ["h1"], Proof = 1, ProofOf = "processes seen dead",
    };

    [TestMethod]
    public void Run_NothingWrong_EverythingHolds()
    {
        AddGood(20);

        IReadOnlyList<Finding> findings = Run();

        CollectionAssert.AreEqual((string[])["N1", "N2", "N3", "N4", "N6", "proof"], findings.Select(static f => f.Rule).ToArray());
        Assert.IsTrue(findings.All(static f => f.Holds), string.Join("\n", findings));
    }

    [TestMethod]
    public void Run_CallThatNeverEnds_BreaksN1()
    {
        AddGood(20);
        Add(5);

        AssertBroken("N1", Run());
    }

    [TestMethod]
    public void Run_OutcomeAfterTheDeadline_BreaksN1()
    {
        AddGood(20);
        Executed(Add(5)).End(CallResult.Ok, At(5) + TimeSpan.FromSeconds(10) + Judge.Grace + TimeSpan.FromMilliseconds(1));

        AssertBroken("N1", Run());
    }

    [TestMethod]
    public void Run_SecondOutcome_BreaksN1()
    {
        AddGood(20);
        CallRecord call = Executed(Add(5));
        call.End(CallResult.Ok, At(5.1));
        call.End(CallResult.Failed, At(5.2));

        Assert.AreEqual(CallResult.Ok, call.Result);
        AssertBroken("N1", Run());
    }

    [TestMethod]
    public void Run_NoCalls_BreaksN1AndN6()
    {
        AssertBroken(["N1", "N6"], Run());
    }

    [TestMethod]
    public void Run_SuccessThatNobodyExecuted_BreaksN2()
    {
        AddGood(20);
        Add(5).End(CallResult.Ok, At(5.1));

        AssertBroken("N2", Run());
    }

    [TestMethod]
    public void Run_DoneTwice_BreaksN2OnlyWhereItMayNotBe()
    {
        AddGood(20);
        Executed(Executed(Add(5))).End(CallResult.Ok, At(5.1));
        Assert.IsTrue(Run().All(static f => f.Holds));

        Executed(Executed(Add(5, isIdempotent: false))).End(CallResult.Ok, At(5.1), hosts: ["h2", "h1"], attempts: 2);
        AssertBroken("N2", Run());
        StringAssert.Contains(Run().Single(static f => f.Rule == "N2").Measured, "begun at 5.000 s, Ok after 100 ms and 2 attempts at h2, h1, executed by h1, h1");
    }

    [TestMethod]
    public void Run_RefusedAndDone_BreaksN2()
    {
        AddGood(20);
        Executed(Add(5)).End(CallResult.Refused, At(5.1));

        AssertBroken("N2", Run());
    }

    [TestMethod]
    public void Run_UnknownDuringAFault_HoldsAndElsewhereBreaksN3()
    {
        AddGood(20);
        Add(2.9).End(CallResult.Unknown, At(3.2));
        Assert.IsTrue(Run().All(static f => f.Holds));

        Add(5).End(CallResult.Unknown, At(5.5));
        AssertBroken("N3", Run());
    }

    [TestMethod]
    public void Run_RequestThatArrivedChanged_BreaksN4()
    {
        AddGood(20);
        CallRecord call = Add(5);
        _lines.Add($"{call.Id:x32} {CallDigest.Of("other"u8)}");
        call.End(CallResult.Ok, At(5.1));

        AssertBroken("N4", Run());
    }

    [TestMethod]
    public void Run_AnswerOfAnotherCall_BreaksN4()
    {
        AddGood(20);
        Executed(Add(5)).End(CallResult.Failed, At(5.1), "wrong answer", wrongAnswer: true);

        AssertBroken("N4", Run());
    }

    [TestMethod]
    public void Run_StreamMessageOutOfPlace_BreaksN4()
    {
        AddGood(20);

        AssertBroken("N4", Run(evidence => evidence with { Streams = [new StreamRecord { Client = "c1", Load = "stream 1", Number = 0, Received = 9, Wrong = 1 }] }));
    }

    [TestMethod]
    public void Run_LostWriteOrNoneReadBack_BreaksN5()
    {
        AddGood(20);
        Scenario scenario = Scenario() with { Loads = [new LoadPlan { Kind = LoadKind.Write, Name = "write 1" }] };

        AssertBroken("N5", Judge.Run(scenario, Evidence()));
        AssertBroken("N5", Judge.Run(scenario, Evidence() with { ReadWrites = 9, LostWrites = ["k7"] }));
        Assert.IsTrue(Judge.Run(scenario, Evidence() with { ReadWrites = 9 }).All(static f => f.Holds));
    }

    [TestMethod]
    public void Run_FailureAfterRecoveryTime_BreaksN6()
    {
        AddGood(20);
        Executed(Add(8.9)).End(CallResult.Failed, At(9));
        Assert.IsTrue(Run().All(static f => f.Holds), "It began less than five seconds after the fault.");

        Executed(Add(9.1)).End(CallResult.Failed, At(9.2));
        AssertBroken("N6", Run());
    }

    [TestMethod]
    public void Run_SomethingLeftBehind_BreaksN6()
    {
        AddGood(20);

        AssertBroken("N6", Run(static evidence => evidence with { Leftovers = ["1 lease of c1"] }));
    }

    [TestMethod]
    public void Run_LoadThatEndsTooEarlyToTell_BreaksN6()
    {
        AddGood(8);

        AssertBroken("N6", Run());
    }

    [TestMethod]
    public void Run_FaultWithoutProof_DoesNotCount()
    {
        AddGood(20);

        AssertBroken("proof", Run(evidence => evidence with { Faults = [_fault with { Proof = 0 }] }));
    }

    [TestMethod]
    public void Run_Bounds_AreComparedWithWhatWasMeasured()
    {
        AddGood(20);
        Executed(Add(3)).End(CallResult.Failed, At(3.5), attempts: 3);
        Scenario scenario = Scenario() with
        {
            Bounds =
            [
                new Bound(Figures.Lost, "<=", 1, 1), new Bound(Figures.Failed, "<=", 0, 2), new Bound(Figures.Success, ">=", 0.95, 3), new Bound(Figures.Recovery, "<=", 0.5, 4),
                new Bound(Figures.Ejection, "<=", 0, 5), new Bound(Figures.ExitTime, "<=", 1, 6), new Bound(Figures.Handshakes, "=", 2, 7),
            ],
        };

        IReadOnlyList<Finding> findings = Judge.Run(scenario, Evidence() with { Measured = new Dictionary<string, double> { [Figures.Handshakes] = 2 } });

        AssertBroken([Figures.Failed, Figures.ExitTime], findings);
        Assert.AreEqual("was not measured", findings.Single(static f => f.Rule == Figures.ExitTime).Measured);
    }

    [TestMethod]
    public void Run_EjectionOfAHost_CountsTheCallsThatWentToIt()
    {
        AddGood(20);
        Executed(Add(3.2)).End(CallResult.Ok, At(5.2), hosts: ["h1", "h2"], attempts: 2);
        Executed(Add(3.9)).End(CallResult.Ok, At(5.9), hosts: ["h3", "h2"], attempts: 2);
        Executed(Add(3.8)).End(CallResult.Ok, At(5.8), hosts: ["h3", "h1"], attempts: 2);

        Assert.AreEqual(0.2, FigureCounter.Count(Evidence())[Figures.Ejection], 1e-9);

        Executed(Add(3.4)).End(CallResult.Unknown, At(5.4));
        Assert.AreEqual(0.4, FigureCounter.Count(Evidence())[Figures.Ejection], 1e-9, "Nobody knows where it went.");
    }

    [TestMethod]
    public void Run_CertificatesThatWereShownTooLongOrTaken_BreakTheirBounds()
    {
        AddGood(20);
        Scenario scenario = Scenario() with
        {
            Bounds =
            [
                new Bound(Figures.OldCertificate, "<=", 1, 1), new Bound(Figures.BadCertificates, "<=", 0, 2), new Bound(Figures.RefusedPairs, ">=", 3, 3), new Bound(Figures.OldAuthority, "<=", 0, 4),
                new Bound(Figures.FreshHandshakes, ">=", 5, 5),
            ],
        };
        var good = new CertificateEvidence { Changes = 4, FreshHandshakes = 5, LongestOld = At(0.6), BadShown = 0, Refusals = 3, OldAuthorityOffered = 4, OldAuthorityRefused = 4 };

        AssertBroken([], Judge.Run(scenario, Evidence() with { Certificates = good }));
        AssertBroken(
            [Figures.OldCertificate, Figures.BadCertificates, Figures.RefusedPairs, Figures.OldAuthority, Figures.FreshHandshakes],
            Judge.Run(scenario, Evidence() with { Certificates = new CertificateEvidence { Changes = 4, FreshHandshakes = 4, LongestOld = At(1.1), BadShown = 1, Refusals = 2, OldAuthorityOffered = 4, OldAuthorityRefused = 3 } }));

        // Who was never asked has not refused.
        AssertBroken([Figures.OldAuthority], Judge.Run(scenario, Evidence() with { Certificates = good with { OldAuthorityOffered = 0, OldAuthorityRefused = 0 } }));
    }

    [TestMethod]
    public void Run_ExecutionsBeyondTheAttempts_AreCountedAsReplayed()
    {
        AddGood(20);
        Executed(Executed(Add(5))).End(CallResult.Ok, At(5.1), attempts: 2);
        Scenario scenario = Scenario() with { Bounds = [new Bound(Figures.Replayed, "<=", 0, 1)] };
        AssertBroken([], Judge.Run(scenario, Evidence()));

        Executed(Executed(Executed(Add(6)))).End(CallResult.Ok, At(6.1), attempts: 2);
        AssertBroken(Figures.Replayed, Judge.Run(scenario, Evidence()));
    }

    [TestMethod]
    public void Run_RefusalThatTookLong_CountsBesideQuickOnes()
    {
        AddGood(20);
        Add(3).End(CallResult.Refused, At(3.01));
        Scenario scenario = Scenario() with { Bounds = [new Bound(Figures.SlowestRefusal, "<=", 0.05, 1)] };
        AssertBroken([], Judge.Run(scenario, Evidence()));

        Add(3).End(CallResult.Refused, At(3.06));
        AssertBroken(Figures.SlowestRefusal, Judge.Run(scenario, Evidence()));
    }

    [TestMethod]
    public void Run_LossOfAClientThatNoFaultWasMeantFor_IsCounted()
    {
        AddGood(20);
        Add(3.5).End(CallResult.Unknown, At(3.9));
        Scenario scenario = Scenario() with { Bounds = [new Bound(Figures.LostElsewhere, "<=", 0, 1)] };

        AssertBroken([], Judge.Run(scenario, Evidence() with { Faults = [_fault with { Clients = ["c1"] }] }));
        AssertBroken(Figures.LostElsewhere, Judge.Run(scenario, Evidence() with { Faults = [_fault with { Clients = ["c2"] }] }));
    }

    [TestMethod]
    public void Run_BurstThatCameOneByOne_IsNoProof()
    {
        AddGood(20);
        for (int i = 0; i < 10; i++)
        {
            Executed(Add(1)).End(CallResult.Ok, At(1.5));
        }

        // Ten at once, and four of the others within the same two seconds.
        Scenario scenario = Scenario() with { Loads = [new LoadPlan { Kind = LoadKind.Unary, Name = "unary 1", Burst = 14 }] };
        AssertBroken([], Judge.Run(scenario, Evidence()));
        AssertBroken("proof", Judge.Run(scenario with { Loads = [scenario.Loads[0] with { Burst = 30 }] }, Evidence()));
    }

    [TestMethod]
    public void Run_RefusalsOfABurst_AreNoFailureToRecover()
    {
        AddGood(20);
        for (int i = 0; i < 10; i++)
        {
            Add(0).End(CallResult.Refused, At(0.1));
        }

        Scenario scenario = Scenario() with { Loads = [new LoadPlan { Kind = LoadKind.Unary, Name = "unary 1", Burst = 10 }] };
        AssertBroken([], Judge.Run(scenario, Evidence() with { Faults = [] }));

        Add(7.1).End(CallResult.Refused, At(7.2));
        AssertBroken("N6", Judge.Run(scenario, Evidence() with { Faults = [] }));
    }

    [TestMethod]
    public void Run_SlowStreamThatWasNeverHeldBack_IsNoProof()
    {
        AddGood(20);
        Scenario scenario = Scenario() with { Loads = [new LoadPlan { Kind = LoadKind.Slow, Name = "slow 1" }] };
        StreamRecord held = new() { Client = "c1", Load = "slow 1", Number = 1, Sent = 9, Received = 3 };
        AssertBroken([], Judge.Run(scenario, Evidence() with { Streams = [held] }));
        AssertBroken("proof", Judge.Run(scenario, Evidence() with { Streams = [held, new() { Client = "c1", Load = "slow 1", Number = 2, Sent = 4, Received = 4 }] }));
        AssertBroken("proof", Judge.Run(scenario, Evidence() with { Streams = [new() { Client = "c1", Load = "slow 1", Number = 2, Sent = 4 }] }));
    }

    [TestMethod]
    public void Quantile_SmallAndLargeSamples_IsTheValueThatEnoughDoNotExceed()
    {
        Assert.AreEqual(5, FigureCounter.Quantile([5], 0.99));
        Assert.AreEqual(1, FigureCounter.Quantile([1, 2], 0.5));
        Assert.AreEqual(99, FigureCounter.Quantile([.. Enumerable.Range(1, 100).Select(static i => (double)i)], 0.99));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static Scenario Scenario() => new() { Name = "test", Loads = [new LoadPlan { Kind = LoadKind.Unary, Name = "unary 1" }] };

    private static void AssertBroken(string rule, IReadOnlyList<Finding> findings) => AssertBroken([rule], findings);

    private static void AssertBroken(string[] rules, IReadOnlyList<Finding> findings) =>
        CollectionAssert.AreEqual(rules, findings.Where(static f => !f.Holds).Select(static f => f.Rule).ToArray(), string.Join("\n", findings));

    private IReadOnlyList<Finding> Run(Func<RunEvidence, RunEvidence>? change = null) => Judge.Run(Scenario(), change is null ? Evidence() : change(Evidence()));

    private RunEvidence Evidence()
    {
        var server = new ServerLedger();
        server.Add("h1", string.Concat(_lines.Select(static l => l + "\n")));
        return new RunEvidence { Calls = _calls, Server = server, Faults = [_fault], LoadEnded = At(20) };
    }

    // A good call every half second.
    [TestMethod]
    public void Count_CallsUnderWayAtSigterm_AreThoseOfTheHostThatGotIt()
    {
        FaultRecord end = _fault with { Word = "terminate" };
        foreach ((double from, double to, string host) in ((double, double, string)[])[(1, 2.9, "h1"), (1, 3, "h1"), (2.9, 5, "h1"), (3.1, 5, "h1"), (2, 5, "h2")])
        {
            Executed(Add(from)).End(CallResult.Ok, At(to), hosts: [host]);
        }

        Assert.AreEqual(2, FigureCounter.Count(Evidence() with { Faults = [end] })[Figures.InFlightAtEnd]);
        Assert.IsFalse(FigureCounter.Count(Evidence()).ContainsKey(Figures.InFlightAtEnd), "Nobody got SIGTERM.");
    }

    private void AddGood(double until)
    {
        for (double at = 0; at < until; at += 0.5)
        {
            Executed(Add(at)).End(CallResult.Ok, At(at + 0.01));
        }
    }

    private CallRecord Add(double at, bool isIdempotent = true)
    {
        var call = new CallRecord
        {
            Id = (UInt128)(_calls.Count + 1), Client = "c1", Load = "unary 1", IsIdempotent = isIdempotent, Request = Digest, Began = At(at), Deadline = At(at + 10),
        };
        _calls.Add(call);
        return call;
    }

    private CallRecord Executed(CallRecord call)
    {
        _lines.Add($"{call.Id:x32} {Digest}");
        return call;
    }
}
