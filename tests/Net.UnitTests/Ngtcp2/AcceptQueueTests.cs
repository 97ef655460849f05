using Net.Ngtcp2;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2;

/// <summary>The queue of what was accepted: nothing is lost and nothing given twice, whoever gives up when.</summary>
[TestClass]
public sealed class AcceptQueueTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Take_OfWhatIsThere_CompletesAtOnceAndInOrder()
    {
        var queue = new AcceptQueue<string>(inline: false);
        queue.Add("a");
        queue.Add("b");
        Assert.AreEqual(2, queue.Count);
        Assert.AreEqual("a", await queue.TakeAsync(CancellationToken.None));
        Assert.AreEqual("b", await queue.TakeAsync(CancellationToken.None));
        Assert.AreEqual(0, queue.Count);
    }

    [TestMethod]
    public async Task Take_BeforeAdd_GetsTheItem()
    {
        var queue = new AcceptQueue<string>(inline: false);
        Task<string> take = queue.TakeAsync(CancellationToken.None).AsTask();
        Assert.IsFalse(take.IsCompleted);
        queue.Add("a");
        Assert.AreEqual("a", await take.WithTimeout());
        Assert.AreEqual(0, queue.Count);
    }

    [TestMethod]
    public void Add_WithInlineContinuations_RunsTheTakerInside()
    {
        var queue = new AcceptQueue<string>(inline: true);
        List<string> taken = [];
        async Task TakeAll()
        {
            while (true)
            {
                taken.Add(await queue.TakeAsync(CancellationToken.None));
            }
        }

        Task taker = TakeAll();
        queue.Add("a");
        queue.Add("b");
        Assert.AreEqual("a b", string.Join(' ', taken));
        queue.Fail(new InvalidOperationException());
        Assert.IsTrue(taker.IsFaulted);
    }

    [TestMethod]
    public async Task Take_WhileAnothersItemIsNotFetched_IsRefusedAndHarmsNeither()
    {
        var queue = new AcceptQueue<string>(inline: false);
        using var firstGivesUp = new CancellationTokenSource();
        using var secondGivesUp = new CancellationTokenSource();
        ValueTask<string> first = queue.TakeAsync(firstGivesUp.Token);
        queue.Add("a");

        await Assert.ThrowsExactlyAsync<InvalidOperationException>(async () => await queue.TakeAsync(secondGivesUp.Token));
        Assert.AreEqual("a", await first);

        Task<string> second = queue.TakeAsync(secondGivesUp.Token).AsTask();
        await firstGivesUp.CancelAsync();
        Assert.IsFalse(second.IsCompleted);
        await secondGivesUp.CancelAsync();
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => second.WithTimeout());
    }

    [TestMethod]
    public void Take_WhileAnotherWaits_IsRefused()
    {
        var queue = new AcceptQueue<string>(inline: false);
        Task<string> first = queue.TakeAsync(CancellationToken.None).AsTask();
        Assert.ThrowsExactly<InvalidOperationException>(() => queue.TakeAsync(CancellationToken.None).AsTask());
        queue.Add("a");
        Assert.AreEqual("a", first.WithTimeout().GetAwaiter().GetResult());
    }

    [TestMethod]
    public async Task Cancel_OfAWaitingTake_HasTheCallersTokenAndLeavesTheQueueUsable()
    {
        var queue = new AcceptQueue<string>(inline: false);
        using var source = new CancellationTokenSource();
        Task<string> take = queue.TakeAsync(source.Token).AsTask();
        await source.CancelAsync();
        OperationCanceledException cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => take.WithTimeout());
        Assert.AreEqual(source.Token, cancelled.CancellationToken);
        queue.Add("a");
        Assert.AreEqual("a", await queue.TakeAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task Take_WithACancelledToken_TakesNothing()
    {
        var queue = new AcceptQueue<string>(inline: false);
        queue.Add("a");
        Assert.IsTrue(queue.TakeAsync(new CancellationToken(true)).AsTask().IsCanceled);
        Assert.AreEqual("a", await queue.TakeAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task Fail_WithItemsLeft_GivesThemFirstAndThenAnExceptionToEachTaker()
    {
        var queue = new AcceptQueue<string>(inline: false);
        queue.Add("a");
        var failure = new TransportException(TransportError.ConnectionClosed, "over") { ApplicationErrorCode = 7 };
        queue.Fail(failure);
        queue.Fail(new InvalidOperationException("later"));
        Assert.AreEqual("a", await queue.TakeAsync(CancellationToken.None));
        TransportException first = await Assert.ThrowsExactlyAsync<TransportException>(() => queue.TakeAsync(CancellationToken.None).AsTask());
        TransportException second = await Assert.ThrowsExactlyAsync<TransportException>(() => queue.TakeAsync(CancellationToken.None).AsTask());
        Assert.AreEqual(7, first.ApplicationErrorCode);
        Assert.AreNotSame(first, second);
        Assert.AreSame(failure, first.InnerException);
    }

    [TestMethod]
    public async Task Fail_OfAWaitingTake_EndsIt()
    {
        var queue = new AcceptQueue<string>(inline: false);
        Task<string> take = queue.TakeAsync(CancellationToken.None).AsTask();
        queue.Fail(new TransportException(TransportError.ConnectionLost, "gone"));
        Assert.AreEqual(TransportError.ConnectionLost, (await Assert.ThrowsExactlyAsync<TransportException>(() => take.WithTimeout())).Error);
    }

    [TestMethod]
    public async Task AddAndCancel_AtOnce_EitherGivesTheItemOrKeepsIt()
    {
        int cancelled = 0;
        const int Rounds = 1000;
        var queue = new AcceptQueue<string>(inline: false);
        for (int i = 0; i < Rounds; i++)
        {
            using var source = new CancellationTokenSource();
            Task<string> take = queue.TakeAsync(source.Token).AsTask();
            using var barrier = new Barrier(2);
            Task adder = Task.Run(() =>
            {
                barrier.SignalAndWait();
                queue.Add("item");
            });
            barrier.SignalAndWait();
            source.Cancel();
            await adder.WithTimeout();
            try
            {
                Assert.AreEqual("item", await take.WithTimeout());
                Assert.AreEqual(0, queue.Count);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
                Assert.AreEqual("item", await queue.TakeAsync(CancellationToken.None));
            }
        }

        TestContext.WriteLine($"{cancelled} of {Rounds} cancelled");
    }

    [TestMethod]
    public async Task Takes_OneAfterTheOtherWithTokensThatFireLate_AreNotDisturbed()
    {
        // The token of an earlier take must not cancel a later one.
        var queue = new AcceptQueue<string>(inline: false);
        for (int i = 0; i < 1000; i++)
        {
            using var source = new CancellationTokenSource();
            Task<string> first = queue.TakeAsync(source.Token).AsTask();
            queue.Add("first");
            Assert.AreEqual("first", await first.WithTimeout());
            Task<string> second = queue.TakeAsync(CancellationToken.None).AsTask();
            await source.CancelAsync();
            Assert.IsFalse(second.IsCompleted);
            queue.Add("second");
            Assert.AreEqual("second", await second.WithTimeout());
        }
    }
}
