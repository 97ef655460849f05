using Net.Ngtcp2.Streams;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Streams;

/// <summary>Something that happens once.</summary>
[TestClass]
public sealed class SignalTests
{
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Set_BeforeOrAfterTheTaskWasTaken_CompletesIt(bool takenBefore)
    {
        var signal = new Signal();
        Task? early = takenBefore ? signal.Task : null;
        Assert.IsFalse(signal.IsSet);
        signal.Set();
        Assert.IsTrue(signal.IsSet);
        Assert.IsTrue(signal.Task.IsCompletedSuccessfully);
        Assert.IsTrue(early is null || ReferenceEquals(early, signal.Task));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Fail_BeforeOrAfterTheTaskWasTaken_FailsIt(bool takenBefore)
    {
        var signal = new Signal();
        Task? early = takenBefore ? signal.Task : null;
        signal.Fail(new InvalidOperationException("broken"));
        Assert.IsTrue(signal.IsSet);
        Assert.AreEqual("broken", signal.Task.Exception!.InnerException!.Message);
        Assert.IsTrue(early is null || ReferenceEquals(early, signal.Task));
    }

    [TestMethod]
    public void Set_AfterFail_ChangesNothing()
    {
        var signal = new Signal();
        signal.Fail(new InvalidOperationException("first"));
        signal.Set();
        signal.Fail(new InvalidOperationException("second"));
        Assert.AreEqual("first", signal.Task.Exception!.InnerException!.Message);
    }

    [TestMethod]
    public void Fail_AfterSet_ChangesNothingForAnySignal()
    {
        var signal = new Signal();
        signal.Set();
        signal.Fail(new InvalidOperationException("late"));
        Assert.IsTrue(signal.Task.IsCompletedSuccessfully);

        // Signals that have happened share one task.
        var other = new Signal();
        other.Set();
        Assert.IsTrue(other.Task.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Set_DoesNotRunContinuationsInTheCallersStack()
    {
        var signal = new Signal();
        int setter = Environment.CurrentManagedThreadId;
        bool inside = true;
        Task<bool> ran = signal.Task.ContinueWith(
            _ => Environment.CurrentManagedThreadId == setter && inside, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        signal.Set();
        inside = false;
        Assert.IsFalse(ran.WithTimeout().GetAwaiter().GetResult());
    }

    [TestMethod]
    public async Task Signal_TakenSetAndFailedAtOnce_GivesOneAnswerToAll()
    {
        for (int i = 0; i < 500; i++)
        {
            var signal = new Signal();
            using var barrier = new Barrier(3);
            Task<Task[]> taker = Task.Run(() =>
            {
                barrier.SignalAndWait();
                return new[] { signal.Task };
            });
            Task setter = Task.Run(() =>
            {
                barrier.SignalAndWait();
                signal.Set();
            });
            barrier.SignalAndWait();
            signal.Fail(new InvalidOperationException());
            await setter.WithTimeout();
            Task taken = (await taker.WithTimeout())[0];
            Assert.AreSame(signal.Task, taken);
            Assert.IsTrue(taken.IsCompleted);
        }
    }
}
