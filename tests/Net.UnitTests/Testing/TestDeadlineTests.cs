using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.UnitTests.Testing;

[TestClass]
public sealed class TestDeadlineTests
{
    [TestMethod]
    public async Task WithTimeout_NeverCompletes_SaysWhatWasAwaited()
    {
        var somethingThatNeverComes = new TaskCompletionSource<int>();

        TimeoutException exception = await Assert.ThrowsExactlyAsync<TimeoutException>(
            () => somethingThatNeverComes.Task.WithTimeout(TimeSpan.FromMilliseconds(1)));

        StringAssert.Contains(exception.Message, "somethingThatNeverComes", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task WithTimeout_Completes_GivesTheResult() => Assert.AreEqual(3, await new ValueTask<int>(3).WithTimeout());

    [TestMethod]
    public async Task WithTimeout_TaskFailsWithATimeoutOfItsOwn_KeepsIt()
    {
        var own = new TimeoutException("its own");

        TimeoutException seen = await Assert.ThrowsExactlyAsync<TimeoutException>(() => Task.FromException(own).WithTimeout());

        Assert.AreSame(own, seen);
    }
}
