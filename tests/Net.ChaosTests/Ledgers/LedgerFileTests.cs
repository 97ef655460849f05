using Net.Chaos.Judging;
using Net.Chaos.Ledgers;

namespace Net.ChaosTests.Ledgers;

/// <summary>The client's side of a run can be read by a person and by tools that know columns.</summary>
[TestClass]
public sealed class LedgerFileTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-file-").FullName;

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task Write_CallsStreamsAndFaults_IsALineEachInTheOrderOfTime()
    {
        CallRecord second = Call(2, at: 1.5);
        second.End(CallResult.Unknown, TimeSpan.FromSeconds(3.25), "no answer\r\n\tat all", ["h1", "h2"], attempts: 2);
        CallRecord first = Call(1, at: 0.5);
        first.End(CallResult.Ok, TimeSpan.FromSeconds(0.75), hosts: ["h3"]);
        CallRecord hung = Call(3, at: 2);
        var evidence = new RunEvidence
        {
            Calls = [hung, second, first],
            LoadEnded = TimeSpan.FromSeconds(5),
            Streams = [new StreamRecord { Client = "c1", Load = "stream 2", Number = 1, Sent = 5, Received = 4, BrokenAt = TimeSpan.FromSeconds(2), Detail = "reset" }],
            Faults = [new FaultRecord { Word = "kill", Target = "h1", Began = TimeSpan.FromSeconds(1), Ended = TimeSpan.FromSeconds(2), Hosts = ["h1"], Proof = 1, ProofOf = "processes seen dead" }],
        };

        await LedgerFile.WriteAsync(_folder, evidence, TestContext.CancellationToken);

        string[] calls = await ReadAsync("calls");
        Assert.HasCount(4, calls);
        Assert.AreEqual($"0.500\t0.750\tOk\t{1:x32}\tc1\tunary 1\tyes\t1\th3\t-", calls[1]);
        Assert.AreEqual($"1.500\t3.250\tUnknown\t{2:x32}\tc1\tunary 1\tyes\t2\th1,h2\tno answer   at all", calls[2]);
        Assert.AreEqual($"2.000\t-\tNone\t{3:x32}\tc1\tunary 1\tyes\t1\t-\t-", calls[3]);
        Assert.AreEqual("1\tc1\tstream 2\t5\t4\t0\t2.000\treset", (await ReadAsync("streams"))[1]);
        Assert.AreEqual("1.000\t2.000\tkill\th1\t1 processes seen dead", (await ReadAsync("faults"))[1]);
        foreach (string name in new[] { "calls", "streams", "faults" })
        {
            Assert.IsTrue((await ReadAsync(name)).All(l => l.Split('\t').Length == (name == "calls" ? 10 : name == "streams" ? 8 : 5)), "Every line has the columns of the first.");
        }
    }

    private static CallRecord Call(UInt128 id, double at) => new()
    {
        Id = id, Client = "c1", Load = "unary 1", IsIdempotent = true, Began = TimeSpan.FromSeconds(at), Deadline = TimeSpan.FromSeconds(at + 10),
    };

    private Task<string[]> ReadAsync(string name) => File.ReadAllLinesAsync(Path.Combine(_folder, name), TestContext.CancellationToken);
}
