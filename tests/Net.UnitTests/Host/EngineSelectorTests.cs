using Net.Hosting.Engines;

namespace Net.UnitTests.Host;

[TestClass]
public sealed class EngineSelectorTests
{
    [TestMethod]
    public async Task SelectAsync_Auto_TakesTheFirstThatRuns()
    {
        var selector = new EngineSelector([HostFixture.Missing("first", "no library"), HostFixture.Running("second"), HostFixture.Running("third")]);

        await using TransportEngine engine = await selector.SelectAsync("auto");

        Assert.AreEqual("second", engine.Name);
    }

    [TestMethod]
    public async Task SelectAsync_ByName_TakesThatOne()
    {
        var selector = new EngineSelector([HostFixture.Running("first"), HostFixture.Running("second")]);

        await using TransportEngine engine = await selector.SelectAsync("second");

        Assert.AreEqual("second", engine.Name);
    }

    [TestMethod]
    public async Task SelectAsync_NoneRuns_NamesEveryReason()
    {
        var selector = new EngineSelector([HostFixture.Missing("first", "install libfirst"), HostFixture.Missing("second", "install libsecond")]);

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () => await selector.SelectAsync("auto"));

        Assert.AreEqual(TransportError.EngineMissing, exception.Error);
        Assert.Contains("first: install libfirst", exception.Message);
        Assert.Contains("second: install libsecond", exception.Message);
    }

    [TestMethod]
    public async Task SelectAsync_ByNameAndMissing_DoesNotFallBack()
    {
        var selector = new EngineSelector([HostFixture.Missing("first", "install libfirst"), HostFixture.Running("second")]);

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () => await selector.SelectAsync("first"));

        Assert.Contains("install libfirst", exception.Message);
    }

    [TestMethod]
    public void ForProcess_PrefersNgtcp2() => Assert.AreEqual("auto ngtcp2 msquic", string.Join(' ', EngineSelector.ForProcess().Names));
}
