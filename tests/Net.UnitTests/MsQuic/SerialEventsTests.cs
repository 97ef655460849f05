using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic.Internal;

namespace Net.UnitTests.MsQuic;

[TestClass]
public sealed class SerialEventsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task Post_WhileHandlerRuns_RunsAfterItAndTogetherWithEqualOnes()
    {
        using var release = new SemaphoreSlim(0);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new List<ConnectionEvents>();
        int running = 0;
        int most = 0;
        var events = new SerialEvents(raised =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            seen.Add(raised);
            if (seen.Count == 1)
            {
                started.SetResult();
                release.Wait(Limit);
            }

            Interlocked.Decrement(ref running);
            if (raised == ConnectionEvents.Draining)
            {
                drained.SetResult();
            }
        });

        events.Post(ConnectionEvents.BidirectionalCredit);
        await started.Task.WaitAsync(Limit);
        for (int i = 0; i < 100; i++)
        {
            events.Post(ConnectionEvents.BidirectionalCredit);
            events.Post(ConnectionEvents.UnidirectionalCredit);
        }

        events.Post(ConnectionEvents.Draining);
        release.Release();
        await drained.Task.WaitAsync(Limit);

        CollectionAssert.AreEqual(
            new[] { ConnectionEvents.BidirectionalCredit, ConnectionEvents.BidirectionalCredit, ConnectionEvents.UnidirectionalCredit, ConnectionEvents.Draining }, seen);
        Assert.AreEqual(1, most);
    }
}
