using System.Text;
using System.Text.Json;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Audit;

[TestClass]
public sealed class AuditTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly MemoryAuditStorage _storage = new();

    public void Dispose() => _storage.Dispose();

    [TestMethod]
    public async Task Write_Entries_AreLinesOfOneChain()
    {
        using var folder = new TemporaryFolder();
        await FillAsync(100);
        _storage.CopyTo(folder.Path);

        AuditVerification result = AuditVerifier.Verify(folder.Path);

        Assert.IsTrue(result.IsIntact, result.Fault);
        Assert.AreEqual(102, result.Entries, "100, and the begin and the end of the audit.");
        Assert.AreEqual((1L, 102L), (result.FirstSequence, result.LastSequence));
    }

    [TestMethod]
    public async Task Verify_AnyChange_NamesTheFirstBrokenLine()
    {
        await FillAsync(20);
        (string name, byte[] content) = _storage.Files.Single();
        string[] lines = Encoding.UTF8.GetString(content).TrimEnd('\n').Split('\n');
        foreach ((string what, Func<List<string>, int> change) in new (string, Func<List<string>, int>)[]
        {
            ("a letter", static all => { all[7] = all[7].Replace("\"outcome\":\"success\"", "\"outcome\":\"failure\"", StringComparison.Ordinal); return 8; }),
            ("a line gone", static all => { all.RemoveAt(5); return 6; }),
            ("a line twice", static all => { all.Insert(5, all[4]); return 6; }),
            ("two lines changed round", static all => { (all[3], all[4]) = (all[4], all[3]); return 4; }),
            ("the hash of a line", static all => { all[9] = all[9][..^10] + "00000000\"}"; return 10; }),
            ("a line of nothing", static all => { all.Insert(2, ""); return 3; }),
            ("text around a line", static all => { all[2] = " " + all[2]; return 3; }),
            ("the first line gone", static all => { all.RemoveAt(0); all.Insert(0, all[0]); return 2; }),
        })
        {
            using var folder = new TemporaryFolder();
            List<string> changed = [.. lines];
            int expected = change(changed);
            folder.Write(name, string.Join('\n', changed) + "\n");

            AuditVerification result = AuditVerifier.Verify(folder.Path);

            Assert.IsFalse(result.IsIntact, what);
            Assert.AreEqual((name, (long)expected), (result.BrokenFile, result.BrokenLine), $"{what}: {result.Fault}");
            Assert.AreEqual(expected - 1, result.Entries, what);
        }
    }

    [TestMethod]
    public async Task Verify_ChainWorkedOutAnewWithoutTheKey_IsBroken()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(static i => (byte)i)];
        await FillAsync(5, options => options with { Key = key });
        using var folder = new TemporaryFolder();
        _storage.CopyTo(folder.Path);
        Assert.IsTrue(AuditVerifier.Verify(folder.Path, key).IsIntact);
        Assert.IsFalse(AuditVerifier.Verify(folder.Path).IsIntact);

        var forged = new MemoryAuditStorage();
        await using (AuditLog audit = AuditLog.Open(Options, forged, _time))
        {
            audit.Write(Entry(1));
        }

        using var other = new TemporaryFolder();
        forged.CopyTo(other.Path);
        AuditVerification result = AuditVerifier.Verify(other.Path, key);
        Assert.AreEqual(1, result.BrokenLine);
    }

    [TestMethod]
    public async Task Write_ManyFiles_TurnsThemAndKeepsTheChainAndTheLimit()
    {
        await FillAsync(600, options => options with { MaxFileBytes = 4096, MaxFiles = 5 }, waitEach: true);
        using var folder = new TemporaryFolder();
        _storage.CopyTo(folder.Path);

        AuditVerification result = AuditVerifier.Verify(folder.Path);

        Assert.IsTrue(result.IsIntact, result.Fault);
        Assert.AreEqual(5, result.Files);
        Assert.IsTrue(result.FirstSequence > 1);
        Assert.AreEqual(602, result.LastSequence);
        Assert.IsTrue(_storage.Files.Values.All(static content => content.Length < 4096 + 1024));
    }

    [TestMethod]
    public async Task Write_AgeOfAFile_TurnsIt()
    {
        await using (AuditLog audit = AuditLog.Open(Options with { MaxFileAge = TimeSpan.FromHours(1) }, _storage, _time))
        {
            audit.Write(Entry(1));
            await WaitAsync(audit);
            _time.Advance(TimeSpan.FromHours(1));
            audit.Write(Entry(2));
        }

        Assert.AreEqual(2, _storage.Files.Count);
    }

    [TestMethod]
    public async Task Open_AfterACrashInTheMiddleOfALine_CutsItAndGoesOn()
    {
        await FillAsync(3);
        string name = _storage.Files.Keys.Single();
        using (AuditFile file = _storage.Open(name))
        {
            file.Write(file.Length, "{\"seq\":6,\"time\":\"20"u8);
        }

        await FillAsync(3);

        using var folder = new TemporaryFolder();
        _storage.CopyTo(folder.Path);
        AuditVerification result = AuditVerifier.Verify(folder.Path);
        Assert.IsTrue(result.IsIntact, result.Fault);
        Assert.AreEqual(10, result.Entries);
        StringAssert.Contains(Encoding.UTF8.GetString(_storage.Files[name]), "19 bytes of an entry that a crash left half written were cut off");
    }

    [TestMethod]
    public async Task Open_AfterSomebodyChangedTheLastLine_LeavesItAndBeginsAnew()
    {
        await FillAsync(3);
        (string name, byte[] content) = _storage.Files.Single();
        string changed = Encoding.UTF8.GetString(content).Replace("\"action\":\"end\"", "\"action\":\"eND\"", StringComparison.Ordinal);
        using (AuditFile file = _storage.Open(name))
        {
            file.Cut(0);
            file.Write(0, Encoding.UTF8.GetBytes(changed));
        }

        await FillAsync(1);

        using var folder = new TemporaryFolder();
        _storage.CopyTo(folder.Path);
        AuditVerification result = AuditVerifier.Verify(folder.Path);
        Assert.AreEqual((name, 5L), (result.BrokenFile, result.BrokenLine));
        Assert.AreEqual(2, _storage.Files.Count);
        Assert.AreEqual(changed, Encoding.UTF8.GetString(_storage.Files[name]), "It is evidence.");
    }

    [TestMethod]
    public async Task Write_DiskFull_RefusesCallsAndHealsWithNothingLost()
    {
        using var log = new NoUnexpectedErrorsScope();
        log.Expect("AuditFailed");
        AuditLog audit = AuditLog.Open(Options, _storage, _time, log.CreateLogger("x"));
        await WaitAsync(audit);
        Assert.IsFalse(audit.MustRefuseCalls);
        _storage.Room = 100;

        audit.Write(Entry(1));
        await _time.WaitForTimersAsync(1).WithTimeout();
        Assert.IsTrue(audit.MustRefuseCalls);
        audit.Write(Entry(2));

        // Still full: it goes on trying.
        _time.Advance(TimeSpan.FromSeconds(1));
        await _time.WaitForTimersAsync(1).WithTimeout();
        Assert.IsTrue(audit.MustRefuseCalls);

        _storage.Room = long.MaxValue;
        _time.Advance(TimeSpan.FromSeconds(1));
        await WaitAsync(audit);
        Assert.IsFalse(audit.MustRefuseCalls);
        await audit.DisposeAsync();

        using var folder = new TemporaryFolder();
        _storage.CopyTo(folder.Path);
        AuditVerification result = AuditVerifier.Verify(folder.Path);
        Assert.IsTrue(result.IsIntact, $"{result.BrokenLine}: {result.Fault}");
        Assert.AreEqual(4, result.Entries);
    }

    [TestMethod]
    public async Task Write_MoreThanMayWait_CountsWhatIsLostAndSaysSo()
    {
        using var log = new NoUnexpectedErrorsScope();
        log.Expect("AuditFailed");
        AuditLog audit = AuditLog.Open(Options with { MaxQueued = 10, OnFailure = AuditFailurePolicy.Continue }, _storage, _time, log.CreateLogger("x"));
        await WaitAsync(audit);
        _storage.Room = 0;
        for (int i = 0; i < 25; i++)
        {
            audit.Write(Entry(i));
        }

        await _time.WaitForTimersAsync(1).WithTimeout();
        Assert.IsFalse(audit.MustRefuseCalls, "The policy is to go on.");
        Assert.AreEqual(15, audit.Lost);
        _storage.Room = long.MaxValue;
        _time.Advance(TimeSpan.FromSeconds(1));
        await WaitAsync(audit);
        audit.Write(Entry(99));
        await audit.DisposeAsync();

        string text = Encoding.UTF8.GetString(_storage.Files.Values.Single());
        int told = System.Text.RegularExpressions.Regex.Matches(text, "(\\d+) entries were lost").Sum(static match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
        Assert.AreEqual(15, told);
    }

    [TestMethod]
    public async Task WriteRefusal_MoreThanTheRate_CountsWhatIsLeftOut()
    {
        AuditLog audit = AuditLog.Open(Options with { MaxRefusalsPerSecond = 10 }, _storage, _time);
        for (int i = 0; i < 1000; i++)
        {
            audit.WriteRefusal(Entry(i));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        audit.WriteRefusal(Entry(1000));
        await audit.DisposeAsync();

        string[] lines = Encoding.UTF8.GetString(_storage.Files.Values.Single()).TrimEnd('\n').Split('\n');
        Assert.AreEqual(13, lines.Length, "Ten, one later, and the begin and the end.");
        StringAssert.Contains(lines[11], "\"suppressed\":990");
    }

    [TestMethod]
    public async Task Write_TextsThatWouldForgeAnEntry_StayInTheirs()
    {
        string[] attacks =
        [
            "a\nb", "a\r\n{\"seq\":1}", "\u001b[2K\u001b[1Aforged", "\"},{\"seq\":9,\"outcome\":\"success\"", "\u2028\u2029", "\u202eevil\u202c", "\u200e\u200f\u2066", "\0", "\ud800", "\udc00x",
            "\u0085", "\ufeff", "</script>", "${jndi:ldap://x}", new string('x', 100_000), "\u007f\u009b31m", "%0a%0d", "\\n", "'", "\t",
        ];
        AuditLog audit = AuditLog.Open(Options, _storage, _time);
        foreach (string attack in attacks)
        {
            audit.Write(new AuditEvent(AuditCategory.Authorization, "call", isSuccess: false) { Principal = attack, Source = attack, Resource = attack, Reason = attack, Detail = attack });
        }

        await audit.DisposeAsync();

        byte[] content = _storage.Files.Values.Single();
        Assert.IsTrue(content.All(static b => b is (byte)'\n' or (>= 0x20 and < 0x7f)), "Everything but plain ASCII is escaped.");
        string[] lines = Encoding.ASCII.GetString(content).TrimEnd('\n').Split('\n');
        Assert.AreEqual(attacks.Length + 2, lines.Length, "One entry is one line.");
        foreach ((string line, int index) in lines.Select(static (line, index) => (line, index)))
        {
            using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
            Assert.AreEqual(index + 1, document.RootElement.GetProperty("seq").GetInt32());
            foreach (JsonProperty property in document.RootElement.EnumerateObject().Where(static p => p.Value.ValueKind == JsonValueKind.String))
            {
                string text = property.Value.GetString()!;
                Assert.IsTrue(text.Length <= 257);
                Assert.IsFalse(text.Any(static c => char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format), $"Shown, it would do something: {line}");
            }
        }
    }

    [TestMethod]
    public async Task Open_OnDisk_IsForItsOwnerAloneAndForOneProcess()
    {
        using var folder = new TemporaryFolder();
        AuditOptions options = Options with { Directory = folder["audit"] };
        await using (AuditLog audit = AuditLog.Open(options, _time))
        {
            audit.Write(Entry(1));
            IOException taken = Assert.ThrowsExactly<IOException>(() => AuditLog.Open(options, _time));
            StringAssert.Contains(taken.Message, "another process");
        }

        await using (AuditLog again = AuditLog.Open(options, _time))
        {
            again.Write(Entry(2));
        }

        AuditVerification result = AuditVerifier.Verify(options.Directory);
        Assert.IsTrue(result.IsIntact, result.Fault);
        Assert.AreEqual((1, 6L), (result.Files, result.Entries));
        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.GetFiles(options.Directory, "*.jsonl").Single()));
        }

        Directory.CreateSymbolicLink(folder["link"], options.Directory);
        Assert.ThrowsExactly<IOException>(() => AuditLog.Open(options with { Directory = folder["link"] }, _time));
    }

    private static AuditOptions Options => new() { Directory = "unused" };

    private static AuditEvent Entry(int number) => new(AuditCategory.Authentication, "login", isSuccess: true) { Principal = $"key:{number}", Source = "192.0.2.1" };

    private async Task FillAsync(int count, Func<AuditOptions, AuditOptions>? change = null, bool waitEach = false)
    {
        AuditOptions options = change?.Invoke(Options) ?? Options;
        await using AuditLog audit = AuditLog.Open(options, _storage, _time);
        for (int i = 0; i < count; i++)
        {
            audit.Write(Entry(i));
            if (waitEach && i % 5 == 0)
            {
                await WaitAsync(audit);
            }
        }
    }

    /// <summary>Waits until all that was written so far is in the storage.</summary>
    private static async Task WaitAsync(AuditLog audit) => await audit.WhenIdleAsync().WithTimeout();
}
