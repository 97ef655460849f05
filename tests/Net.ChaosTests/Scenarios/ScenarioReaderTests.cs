using Net.Chaos.Scenarios;

namespace Net.ChaosTests.Scenarios;

/// <summary>Scenario files say what they mean, and what they cannot mean is refused with its place.</summary>
[TestClass]
public sealed class ScenarioReaderTests
{
    private const string Whole = """
        about: A host is killed again and again; nobody notices.
        rows: [11, 15]
        group: quick
        topology:
          hosts: 3
          clients: 2
          host-arguments: [--max-streams, 50]
        client: { balancing: peak-ewma, attempts: 4, min-connections: 2, max-connections: 6, health-interval: 500ms, fallback: true }
        load:
          - unary: { rate: 300, size: 1KB, deadline: 5s }
          - unary: { rate: 10, idempotent: false }
          - stream: { streams: 10, rate: 50, size: 256B }
          - bulk: { size: 10MB }
        warm-up: 1s
        duration: 30s
        faults:
          - { at: 9s, for: 5s, toxic: loss, links: [c1-h*, c2-h1], direction: downstream, toxicity: 50%, with: { rate: 0.05, burst: 3, name: x, on: true } }
          - { at: 2s, kill: h*, in-turn: true, start-after: 500ms, every: 2s, times: 3 }
          - { at: 20s, for: 2s, partition: [[c1, h1], [h2, h3]] }
          - { at: 23s, certificates: rotate, on: all }
        must:
          lost: 0
          success: ">= 99.9%"
          ejection: 1s
        """;

    [TestMethod]
    public void Read_WholeScenario_IsAsItSays()
    {
        Scenario scenario = ScenarioReader.Read(Whole, "chaos/scenarios/kill.yaml");

        Assert.AreEqual("kill", scenario.Name);
        Assert.AreEqual(ScenarioGroup.Quick, scenario.Group);
        CollectionAssert.AreEqual((int[])[11, 15], scenario.Rows.ToArray());
        CollectionAssert.AreEqual((string[])["c1", "c2"], scenario.Topology.ClientNames.ToArray());
        CollectionAssert.AreEqual((string[])["--max-streams", "50"], scenario.Topology.HostArguments.ToArray());
        Assert.AreEqual("peak-ewma", scenario.Client.Balancing.Single());
        Assert.AreEqual(TimeSpan.FromMilliseconds(500), scenario.Client.HealthInterval);
        Assert.IsTrue(scenario.Client.Fallback);
        Assert.AreEqual(TimeSpan.FromSeconds(1), scenario.WarmUp);
    }

    [TestMethod]
    public void Read_Loads_HaveTheirKindsAndDefaults()
    {
        IReadOnlyList<LoadPlan> loads = ScenarioReader.Read(Whole, "kill.yaml").Loads;

        CollectionAssert.AreEqual((string[])["unary 1", "unary 2", "stream 3", "bulk 4"], loads.Select(static l => l.Name).ToArray());
        Assert.AreEqual(300, loads[0].Rate);
        Assert.AreEqual(1024, loads[0].Size);
        Assert.AreEqual(TimeSpan.FromSeconds(5), loads[0].Deadline);
        Assert.IsTrue(loads[0].IsIdempotent);
        Assert.IsFalse(loads[1].IsIdempotent);
        Assert.AreEqual(10, loads[2].Streams);
        Assert.AreEqual(256, loads[2].Size);
        Assert.AreEqual(10 << 20, loads[3].Size);
        Assert.AreEqual(TimeSpan.FromMinutes(1), loads[3].Deadline);
    }

    [TestMethod]
    public void Read_CertificateFaults_AreWhatTheyNameOnWhomTheyName()
    {
        IReadOnlyList<FaultPlan> faults = ScenarioReader.Read("""
            about: Certificates
            topology: { hosts: 2 }
            load:
              - stream: { age: 3s }
            duration: 10s
            faults:
              - { certificates: break, pair: expired, on: h1, at: 1s, for: 1s }
              - { certificates: break, on: c1, at: 2s, for: 1s }
              - { certificates: add-authority, at: 3s }
              - { certificates: remove-authority, at: 4s }
            """, "c.yaml").Faults;

        CertificateFault[] read = [.. faults.Select(static f => (CertificateFault)f.Action)];
        CollectionAssert.AreEqual(
            (string[])["certificates break expired", "certificates break mismatched", "certificates add-authority", "certificates remove-authority"], read.Select(static f => f.Word).ToArray());
        CollectionAssert.AreEqual((string[])["h1", "c1", "h1, h2, c1", "h1, h2, c1"], read.Select(static f => f.Target).ToArray());
        Assert.AreEqual(BadPair.Expired, read[0].Pair);
    }

    [TestMethod]
    public void Read_AttacksAndLoadsOutOfTheOrdinary_AreAsTheySay()
    {
        Scenario scenario = ScenarioReader.Read("""
            topology: {hosts: 2, host-arguments: [--crl, '{dir}/../certificates/crl.pem']}
            client: {lifetime: 2s, idle: 1s, probe-timeouts: 0, min-connections: 1000, max-connections: 1000}
            load:
              - raw: {burst: 10000, rate: 5, hold: 3s}
              - slow: {streams: 7, size: 2KB, after: 5s}
            faults:
              - {attack: half-open, on: h2, count: 3000, at: 1s, for: 2s}
              - {attack: rapid-reset, on: all, at: 2s}
              - {certificates: revoke, on: c1, at: 3s, for: 1s}
            """, "attack.yaml");

        Assert.AreEqual(TimeSpan.FromSeconds(2), scenario.Client.Lifetime);
        Assert.AreEqual(TimeSpan.FromSeconds(1), scenario.Client.Idle);
        Assert.AreEqual(0, scenario.Client.ProbeTimeouts);
        Assert.AreEqual(TimeSpan.FromSeconds(3), scenario.Loads[0].Hold);
        Assert.AreEqual(1000, scenario.Client.MinConnections);
        Assert.AreEqual(10_000, scenario.Loads[0].Burst);
        Assert.AreEqual(TimeSpan.FromSeconds(5), scenario.Loads[1].After);
        Assert.AreEqual((LoadKind.Slow, 7, 2048, 1.0), (scenario.Loads[1].Kind, scenario.Loads[1].Streams, scenario.Loads[1].Size, scenario.Loads[1].Rate));
        var attack = (AttackFault)scenario.Faults[0].Action;
        Assert.AreEqual((AttackKind.HalfOpen, 3000, "h2"), (attack.Kind, attack.Count, attack.Target));
        Assert.AreEqual("attack rapid-reset", scenario.Faults[1].Action.Word);
        Assert.AreEqual("h1, h2", scenario.Faults[1].Action.Target);
        Assert.AreEqual(CertificateChange.Revoke, ((CertificateFault)scenario.Faults[2].Action).Change);
    }

    [TestMethod]
    public void Read_SeveralWaysOfBalancing_AreTakenInTurnByTheClients()
    {
        ClientPlan plan = ScenarioReader.Read("""
            client: {balancing: [round-robin, peak-ewma]}
            load: [{unary: {rate: 1}}]
            """, "compare.yaml").Client;
        ScenarioException exception = Assert.ThrowsExactly<ScenarioException>(() => ScenarioReader.Read("""
            client: {balancing: [round-robin, fastest]}
            load: [{unary: {rate: 1}}]
            """, "compare.yaml"));

        Assert.AreSequenceEqual(["round-robin", "peak-ewma", "round-robin"], Enumerable.Range(0, 3).Select(plan.BalancingOf));
        Assert.Contains("balancing is 'fastest'; it must be round-robin,", exception.Message);
    }

    [TestMethod]
    public void Read_RevocationThatNoHostWouldRead_IsRefused()
    {
        ScenarioException exception = Assert.ThrowsExactly<ScenarioException>(() => ScenarioReader.Read("""
            load: [{unary: {rate: 1}}]
            faults:
              - {certificates: revoke, on: c1, at: 3s, for: 1s}
            """, "revoke.yaml"));

        Assert.Contains("--crl", exception.Message);
    }

    [TestMethod]
    public void Read_Faults_AreInOrderWithTheirTargets()
    {
        IReadOnlyList<FaultPlan> faults = ScenarioReader.Read(Whole, "kill.yaml").Faults;

        CollectionAssert.AreEqual((double[])[2.0, 9, 20, 23], faults.Select(static f => f.At.TotalSeconds).ToArray());
        var kill = (ProcessFault)faults[0].Action;
        CollectionAssert.AreEqual((string[])["h1", "h2", "h3"], kill.Hosts.ToArray());
        Assert.IsTrue(kill.InTurn);
        Assert.AreEqual(TimeSpan.FromMilliseconds(500), kill.StartAfter);
        Assert.AreEqual(3, faults[0].Times);
        var loss = (ToxicFault)faults[1].Action;
        CollectionAssert.AreEqual((string[])["c1-h1", "c1-h2", "c1-h3", "c2-h1"], loss.Links.ToArray());
        Assert.AreEqual(LinkDirection.Downstream, loss.Direction);
        Assert.AreEqual(0.5f, loss.Toxicity);
        Assert.AreEqual("""{"rate":0.05,"burst":3,"name":"x","on":true}""", loss.Attributes.ToJsonString());
        var partition = (PartitionFault)faults[2].Action;
        Assert.IsTrue(partition.Separates("c1", "h2"));
        Assert.IsFalse(partition.Separates("c1", "h1"));
        Assert.IsFalse(partition.Separates("c2", "h1"), "Who is in no group reaches everybody.");
        Assert.HasCount(5, ((CertificateFault)faults[3].Action).Names);
    }

    [TestMethod]
    public void Read_Bounds_HaveTheirUnits()
    {
        IReadOnlyList<Bound> bounds = ScenarioReader.Read(Whole, "kill.yaml").Bounds;

        CollectionAssert.AreEqual((string[])["lost <= 0", "success >= 0.999", "ejection <= 1"], bounds.Select(static b => b.ToString()).ToArray());
        Assert.IsTrue(bounds[1].Holds(1));
        Assert.IsFalse(bounds[1].Holds(0.998));
        Assert.IsFalse(bounds[0].Holds(1));
    }

    [TestMethod]
    public void Read_ManyFaults_AreAllReportedWithTheirPlaces()
    {
        const string text = """
            topology: { hosts: 99, colour: red }
            load:
              - unary: { rate: fast }
              - dance: {}
            duration: 5s
            faults:
              - { at: 4s, for: 2s, partition: [[c1], [h9]] }
              - { kill: h1, at: 1 }
              - { at: 1s }
              - { at: 1s, freeze: h1 }
              - { at: 1s, fill-disk: h1 }
              - { at: 1s, kill: h1, times: 3 }
            must: { luck: 7, p99: 5 }
            """;

        ScenarioException exception = Assert.ThrowsExactly<ScenarioException>(() => ScenarioReader.Read(text, "bad.yaml"));

        string[] expected =
        [
            "bad.yaml:1:20: hosts is 99; it must be 1 to 16.",
            "bad.yaml:1:24: there is no 'colour' here;",
            "bad.yaml:3:20: rate is 'fast'; it must be a number.",
            "bad.yaml:4:5: a load begins with its kind: unary,",
            "bad.yaml:7:42: partition holds 'h9'; there are h1, h2, h3, c1, and all.",
            "bad.yaml:8:21: at is '1'; it must be a length of time such as 500ms",
            "bad.yaml:9:5: nothing happens: there are kill,",
            "bad.yaml:10:5: freeze needs 'for'",
            "bad.yaml:11:5: only a disk of the host's own can be filled",
            "bad.yaml:12:5: something that happens several times needs 'every'",
            "bad.yaml:13:9: there is no figure 'luck'; there are failed,",
            "bad.yaml:13:23: p99 is '5'; it must be a limit such as '<= 5s'.",
            "the partition of line 7 ends 6 s after the warm-up, when the load of 5 s is over",
        ];
        foreach (string fault in expected)
        {
            Assert.IsTrue(exception.Faults.Any(f => f.Contains(fault, StringComparison.Ordinal)), $"Missing: {fault}\nin:\n{exception.Message}");
        }

        Assert.HasCount(expected.Length, exception.Faults, exception.Message);
    }

    [TestMethod]
    [DataRow("", "1:1: a scenario is one document")]
    [DataRow("- a\n- b\n", "1:1: a scenario is one document")]
    [DataRow("load: [", "this is no YAML")]
    [DataRow("about: x\nabout: y\nload: []", "this is no YAML")]
    [DataRow("about: nothing is called", "load is missing")]
    [DataRow("load: [ raw: { after: 5s } ]\nwarm-up: 1s\nduration: 4s", "raw 1 would begin after 5 s, when all load is over")]
    [DataRow("topology: { links: direct }\nload: [ unary: {} ]\nfaults: [ { at: 1s, toxic: loss } ]", "need links through the proxy")]
    [DataRow("topology: { end-points: [\"http://a\"] }\nload: [ unary: {} ]", "end-points:")]
    [DataRow("topology: { end-points: [a.example:443] }\nload: [ unary: {} ]\nfaults: [ { at: 1s, kill: h1 } ]", "did not start these hosts")]
    public void Read_WhatCannotBeRun_SaysWhy(string text, string expected)
    {
        ScenarioException exception = Assert.ThrowsExactly<ScenarioException>(() => ScenarioReader.Read(text, "x.yaml"));
        Assert.Contains(expected, exception.Message);
    }

    [TestMethod]
    public void ReadFile_FileThatIsMissing_IsNamed()
    {
        ScenarioException exception = Assert.ThrowsExactly<ScenarioException>(() => ScenarioReader.ReadFile("/nowhere/at-all.yaml"));
        Assert.StartsWith("/nowhere/at-all.yaml: ", exception.Message);
    }

    [TestMethod]
    [DataRow("500ms", 0.5)]
    [DataRow("1.5s", 1.5)]
    [DataRow("2m", 120)]
    [DataRow("1h", 3600)]
    public void TryParseTime_WithUnit_IsRead(string text, double seconds)
    {
        Assert.IsTrue(ScenarioText.TryParseTime(text, out TimeSpan time));
        Assert.AreEqual(seconds, time.TotalSeconds);
    }

    [TestMethod]
    [DataRow("5")]
    [DataRow("-1s")]
    [DataRow("NaNs")]
    [DataRow("1e3s")]
    [DataRow("ms")]
    [DataRow("25h")]
    public void TryParseTime_AnythingElse_IsNot(string text) => Assert.IsFalse(ScenarioText.TryParseTime(text, out _));

    [TestMethod]
    [DataRow("64", 64L)]
    [DataRow("64B", 64L)]
    [DataRow("1.5KB", 1536L)]
    [DataRow("10 MB", 10L << 20)]
    public void TryParseSize_Sizes_CountIn1024(string text, long bytes)
    {
        Assert.IsTrue(ScenarioText.TryParseSize(text, out long read));
        Assert.AreEqual(bytes, read);
    }
}
