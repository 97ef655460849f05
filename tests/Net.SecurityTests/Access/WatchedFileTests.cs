using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Access;

[TestClass]
public sealed class WatchedFileTests
{
    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public void Current_GoodAndBadContents_IsTheLastGoodOne()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("f", "1");
        using WatchedFile<string> file = Open(path);
        var faults = new List<string>();
        file.Refused += (_, fault) => faults.Add(fault.Fault);

        folder.Write("f", "bad");
        Tick();
        Tick();
        Assert.AreEqual("1", file.Current);
        Assert.AreEqual(1, faults.Count, "One complaint for one content.");

        File.Delete(path);
        Tick();
        Assert.AreEqual("1", file.Current);

        folder.Write("f", "2");
        Tick();
        Assert.AreEqual("2", file.Current);

        folder.Write("f", new string('3', (1 << 20) + 1));
        Tick();
        Assert.AreEqual("2", file.Current);
        StringAssert.Contains(faults[^1], "MaxBytes");
    }

    [TestMethod]
    public void Current_SymbolicLinkSwapped_IsTheNewTarget()
    {
        // As Kubernetes mounts secrets: name -> ..data/name, ..data -> a folder with a date.
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["one"]);
        Directory.CreateDirectory(folder["two"]);
        File.WriteAllText(Path.Combine(folder["one"], "f"), "1");
        File.WriteAllText(Path.Combine(folder["two"], "f"), "2");
        Directory.CreateSymbolicLink(folder["..data"], "one");
        File.CreateSymbolicLink(folder["f"], "..data/f");
        using WatchedFile<string> file = Open(folder["f"]);

        Directory.Delete(folder["..data"]);
        Directory.CreateSymbolicLink(folder["..data"], "two");
        Tick();

        Assert.AreEqual("2", file.Current);
    }

    [TestMethod]
    [DataRow("keys.json", true)]
    [DataRow("sub/keys.json", true)]
    [DataRow("inside", true)]
    [DataRow("missing/file", true)]
    [DataRow("..keys", true)]
    [DataRow("../keys.json", false)]
    [DataRow("sub/../../x", false)]
    [DataRow("sub/../keys.json", false)]
    [DataRow("..", false)]
    [DataRow(".", false)]
    [DataRow("...", false)]
    [DataRow("/etc/passwd", false)]
    [DataRow("//etc/passwd", false)]
    [DataRow("~/x", false)]
    [DataRow("C:/x", false)]
    [DataRow("a\\..\\b", false)]
    [DataRow("a\0b", false)]
    [DataRow("a\nb", false)]
    [DataRow("a\u202eb", false)]
    [DataRow("", false)]
    [DataRow(" ", false)]
    [DataRow("a//b", false)]
    [DataRow("a/", false)]
    [DataRow("a /b", false)]
    [DataRow("outside", false)]
    [DataRow("outside/x", false)]
    [DataRow("far", false)]
    [DataRow("loop", false)]
    [DataRow("self/x", false)]
    public void Resolve_FileNames_StayBelowTheDirectory(string name, bool expected)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["base/sub"]);
        folder.Write("secret", "x");
        File.CreateSymbolicLink(folder["base/inside"], "sub/real");
        Directory.CreateSymbolicLink(folder["base/outside"], "..");
        File.CreateSymbolicLink(folder["base/far"], folder["secret"]);
        File.CreateSymbolicLink(folder["base/loop"], "loop");
        Directory.CreateSymbolicLink(folder["base/self"], "self/self");

        bool isResolved;
        try
        {
            isResolved = SafePath.Resolve(folder["base"], name).StartsWith(folder["base"], StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            isResolved = false;
        }

        Assert.AreEqual(expected, isResolved);
    }

    private void Tick() => _time.Advance(TimeSpan.FromSeconds(1));

    private WatchedFile<string> Open(string path) => new(
        path, static content => Encoding.UTF8.GetString(content.Span) is var text && text != "bad" ? text : throw new ArgumentException("It is bad."), _time);
}
