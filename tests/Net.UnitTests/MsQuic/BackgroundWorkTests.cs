using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic.Internal;

namespace Net.UnitTests.MsQuic;

[TestClass]
public sealed class BackgroundWorkTests
{
    [TestMethod]
    public void DrainAsync_NothingUnderWay_IsDone() => Assert.IsTrue(new BackgroundWork().DrainAsync().IsCompletedSuccessfully);

    [TestMethod]
    public void DrainAsync_WorkUnderWay_WaitsForTheLastAndLetsNoneBegin()
    {
        var work = new BackgroundWork();
        Assert.IsTrue(work.TryEnter());
        Assert.IsTrue(work.TryEnter());

        Task drained = work.DrainAsync();

        Assert.IsFalse(work.TryEnter());
        work.Leave();
        Assert.IsFalse(drained.IsCompleted);
        work.Leave();
        Assert.IsTrue(drained.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Abandon_WorkUnderWay_EndsTheWait()
    {
        var work = new BackgroundWork();
        work.TryEnter();
        Task drained = work.DrainAsync();

        work.Abandon();

        Assert.IsTrue(drained.IsCompletedSuccessfully);
    }
}
