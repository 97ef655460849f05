using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resolving;

/// <summary>Following a real file, on a clock that a test moves.</summary>
[TestClass]
public sealed class FileResolverTests : IDisposable
{
    private const string One = """{ "endPoints": [ { "address": "https://a.example:443" } ] }""";
    private const string Two = """{ "endPoints": [ { "address": "a.example:443" }, { "address": "b.example:8443", "weight": 3 } ] }""";

    private readonly ManualTimeProvider _clock = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("net-resolver-");
    private readonly List<ResolveFailedEventArgs> _failures = [];
    private string _file = "";

    [TestInitialize]
    public void Initialize() => _file = Path.Combine(_folder.FullName, "endpoints.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [TestMethod]
    public async Task Resolve_EveryProperty_IsRead()
    {
        Write("""{ "endPoints": [ { "address": "https://[fd00::1]:8443", "weight": 20, "priority": 3, "zone": "north", "serverName": "a.example" } ] }""");
        await using ResolverReader reader = Read();

        Assert.AreEqual("[fd00::1]:8443", await reader.NextAsync());
        Assert.AreEqual(
            new ChannelEndPoint(new TransportEndPoint("fd00::1", 8443)) { Weight = 20, Priority = 3, Zone = "north", ServerName = "a.example" }, reader.Current[0]);
    }

    [TestMethod]
    public async Task Resolve_FileWrittenInPlace_IsInUseAfterTheInterval()
    {
        Write(One);
        await using ResolverReader reader = Read();
        Assert.AreEqual("a.example:443", await reader.NextAsync());

        Write(Two);
        await LookAsync(reader);

        Assert.AreEqual("a.example:443, b.example:8443", await reader.NextAsync());
        Assert.AreEqual(3, reader.Current[1].Weight);
    }

    [TestMethod]
    public async Task Resolve_SameLengthAndSameTime_IsSeenAsTheContentDiffers()
    {
        Write(One);
        await using ResolverReader reader = Read();
        await reader.NextAsync();
        DateTime time = File.GetLastWriteTimeUtc(_file);
        Write(One.Replace("a.example", "z.example", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(_file, time);
        await LookAsync(reader);

        Assert.AreEqual("z.example:443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task Resolve_FileRenamedIntoPlace_IsSeen()
    {
        Write(One);
        await using ResolverReader reader = Read();
        await reader.NextAsync();
        string next = Path.Combine(_folder.FullName, "next.json");
        await File.WriteAllTextAsync(next, Two);
        File.Move(next, _file, overwrite: true);
        await LookAsync(reader);

        Assert.AreEqual("a.example:443, b.example:8443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task Resolve_SymbolicLinkSwapped_IsFollowed()
    {
        // As orchestrators mount configuration: the file is a link through a folder that is a link, and only that one is swapped.
        string first = Directory.CreateDirectory(Path.Combine(_folder.FullName, "v1")).FullName;
        string second = Directory.CreateDirectory(Path.Combine(_folder.FullName, "v2")).FullName;
        await File.WriteAllTextAsync(Path.Combine(first, "endpoints.json"), One);
        await File.WriteAllTextAsync(Path.Combine(second, "endpoints.json"), Two);
        string data = Path.Combine(_folder.FullName, "data");
        Directory.CreateSymbolicLink(data, first);
        File.CreateSymbolicLink(_file, Path.Combine("data", "endpoints.json"));
        await using ResolverReader reader = Read();
        Assert.AreEqual("a.example:443", await reader.NextAsync());

        // Nobody looks in between, as the clock stands still.
        File.Delete(data);
        Directory.CreateSymbolicLink(data, second);
        await LookAsync(reader);

        Assert.AreEqual("a.example:443, b.example:8443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task Resolve_HalfWrittenFile_IsKeptOutAtEveryLength()
    {
        Write(One);
        await using ResolverReader reader = Read();
        await reader.NextAsync();
        for (int length = 0; length < Two.Length; length += 7)
        {
            Write(Two[..length]);
            await LookAsync(reader);
            Assert.IsFalse(reader.HasNext, $"cut after {length} characters");
        }

        Assert.HasCount((Two.Length + 6) / 7, _failures);
        Assert.IsTrue(_failures.All(f => f.KeepsOld));
        Write(Two);
        await LookAsync(reader);
        Assert.AreEqual("a.example:443, b.example:8443", await reader.NextAsync());
    }

    [TestMethod]
    [DataRow("""{ "endPoints": [] }""", "is empty")]
    [DataRow("""{ }""", "\"endPoints\"")]
    [DataRow("""null""", "\"endPoints\"")]
    [DataRow("""[ ]""", "no whole list")]
    [DataRow("""{ "endPoints": [ null ] }""", "endPoints[0] has no \"address\"")]
    [DataRow("""{ "endPoints": [ { "address": "http://a" } ] }""", "only https")]
    [DataRow("""{ "endPoints": [ { "address": "a", "wieght": 2 } ] }""", "wieght")]
    [DataRow("""{ "endPoints": [ { "address": "a", "weight": 2, "weight": 3 } ] }""", "weight")]
    [DataRow("""{ "endPoints": [ { "address": "a", "weight": 0 } ] }""", "Weight is 0")]
    [DataRow("""{ "endPoints": [ { "address": "a" }, { "address": "A:443" } ] }""", "once more")]
    [DataRow("""{ "endPoints": [ { "address": "a" } ] } trailing""", "no whole list")]
    public async Task Resolve_FileWithAFault_IsRefusedWholeAndToldOfOnce(string content, string fault)
    {
        Write(One);
        await using ResolverReader reader = Read();
        await reader.NextAsync();
        Write(content);
        await LookAsync(reader);
        await LookAsync(reader);
        await LookAsync(reader);

        Assert.IsFalse(reader.HasNext);
        Assert.HasCount(1, _failures);
        StringAssert.Contains(_failures[0].Failure.Message, fault);
        StringAssert.Contains(_failures[0].Failure.Message, _file);
        Write(Two);
        await LookAsync(reader);
        await reader.NextAsync();
    }

    [TestMethod]
    public async Task Resolve_SeveralFaults_AreToldTogether()
    {
        Write("""{ "endPoints": [ { "address": "" }, { "address": "http://x" }, { } ] }""");
        await using ResolverReader reader = Read();
        await LookAsync(reader);

        Assert.HasCount(3, _failures.Single().Failure.Message.Split(Environment.NewLine));
        Assert.IsFalse(_failures[0].KeepsOld);
    }

    [TestMethod]
    public async Task Resolve_FileMissingThenThereThenGone_KeepsWhatItHad()
    {
        await using ResolverReader reader = Read();
        await LookAsync(reader);
        await LookAsync(reader);
        Assert.IsFalse(reader.HasNext);
        Assert.HasCount(1, _failures);

        Write(One);
        await LookAsync(reader);
        Assert.AreEqual("a.example:443", await reader.NextAsync());
        File.Delete(_file);
        await LookAsync(reader);
        await LookAsync(reader);
        Assert.HasCount(2, _failures);
        Assert.IsTrue(_failures[1].KeepsOld);
        Write(One);
        await LookAsync(reader);
        Assert.IsFalse(reader.HasNext, "it came back as it was");
    }

    [TestMethod]
    public async Task Resolve_FileLargerThanAllowed_IsRefusedUnread()
    {
        Write(One);
        await using ResolverReader reader = Read(new FileResolverOptions { MaxBytes = 1024 });
        await reader.NextAsync();
        Write(Two + new string(' ', 1024));
        await LookAsync(reader);

        Assert.IsFalse(reader.HasNext);
        StringAssert.Contains(_failures.Single().Failure.Message, "larger than 1024 bytes (FileResolverOptions.MaxBytes)");
    }

    [TestMethod]
    public async Task Resolve_ByteOrderMark_IsNoFault()
    {
        await File.WriteAllTextAsync(_file, One, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        await using ResolverReader reader = Read();

        Assert.AreEqual("a.example:443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task RequestRefresh_FileChanged_IsSeenWithoutWaiting()
    {
        Write(One);
        FileResolver resolver = Make(new FileResolverOptions { Interval = TimeSpan.FromHours(1) });
        await using var reader = new ResolverReader(resolver);
        await reader.NextAsync();
        reader.Begin();
        Write(Two);
        resolver.RequestRefresh();

        Assert.AreEqual("a.example:443, b.example:8443", await reader.NextAsync());
    }

    [TestMethod]
    public async Task StaticResolver_AnyList_IsToldOnceAndChecked()
    {
        await using var reader = new ResolverReader(new StaticResolver(ChannelEndPoint.Parse("a.example"), ChannelEndPoint.Parse("b.example:1")));
        Assert.AreEqual("a.example:443, b.example:1", await reader.NextAsync());
        Assert.IsFalse(reader.HasNext);

        string message = Assert.ThrowsExactly<ArgumentException>(() => new StaticResolver(ChannelEndPoint.Parse("a"), ChannelEndPoint.Parse("A") with { Weight = 0 }, null!)).Message;
        Assert.HasCount(3, message.Split(Environment.NewLine));
        Assert.ThrowsExactly<ArgumentException>(() => new StaticResolver());
        Assert.ThrowsExactly<ArgumentException>(new FileResolverOptions { Interval = default, MaxBytes = 0 }.Validate);
    }

    private void Write(string content) => File.WriteAllText(_file, content);

    private FileResolver Make(FileResolverOptions? options = null)
    {
        var resolver = new FileResolver(_file, options, _clock);
        resolver.Failed += (_, failure) => _failures.Add(failure);
        return resolver;
    }

    private ResolverReader Read(FileResolverOptions? options = null) => new(Make(options));

    // Lets the resolver look at the file once more, and waits until it has and waits again or has found a list.
    private async Task LookAsync(ResolverReader reader)
    {
        reader.Begin();
        await _clock.WaitForTimersAsync(1).WithTimeout();
        _clock.Advance(FileResolverOptions.Default.Interval);
        await Task.WhenAny(_clock.WaitForTimersAsync(1), reader.Ready).WithTimeout();
    }
}
