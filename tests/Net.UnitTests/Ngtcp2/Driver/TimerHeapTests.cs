using System.Runtime.CompilerServices;
using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The heap of timers against a sorted list.</summary>
[TestClass]
public sealed class TimerHeapTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Set_AnyOrderOfChanges_KeepsTheEarliestFirst()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 50; round++)
        {
            var heap = new TimerHeap();
            ConnectionDriver[] items = [.. Enumerable.Range(0, random.Next(1, 200)).Select(static _ => NewItem())];
            var reference = new Dictionary<ConnectionDriver, ulong>();
            for (int step = 0; step < 500; step++)
            {
                Change(random, heap, items[random.Next(items.Length)], reference);
                Check(heap, reference);
            }

            // What is due comes out in order, and nothing else.
            ulong now = (ulong)random.Next(1000);
            ulong last = 0;
            while (heap.PeekDue(now) is { } due)
            {
                Assert.AreEqual(reference[due], due.TimerExpiry);
                Assert.IsGreaterThanOrEqualTo(last, due.TimerExpiry);
                last = due.TimerExpiry;
                heap.Remove(due);
                reference.Remove(due);
            }

            Assert.IsTrue(reference.Values.All(expiry => expiry > now));
            Check(heap, reference);
        }
    }

    [TestMethod]
    public void Remove_OfWhatIsNotIn_ChangesNothing()
    {
        var heap = new TimerHeap();
        ConnectionDriver inside = NewItem();
        ConnectionDriver outside = NewItem();
        heap.Set(inside, 5);
        heap.Remove(outside);
        heap.Set(outside, ulong.MaxValue);
        Assert.AreEqual(1, heap.Count);
        Assert.AreEqual(5UL, heap.NextExpiry);
        Assert.AreEqual(-1, outside.TimerIndex);
        heap.Remove(inside);
        heap.Remove(inside);
        Assert.AreEqual(0, heap.Count);
        Assert.AreEqual(ulong.MaxValue, heap.NextExpiry);
        Assert.IsNull(heap.PeekDue(ulong.MaxValue));
    }

    private static void Change(Random random, TimerHeap heap, ConnectionDriver item, Dictionary<ConnectionDriver, ulong> reference)
    {
        switch (random.Next(4))
        {
            case 0:
                heap.Remove(item);
                reference.Remove(item);
                break;
            case 1:
                heap.Set(item, ulong.MaxValue);
                reference.Remove(item);
                break;
            default:
                // Few values, so that many are equal.
                ulong expiry = (ulong)random.Next(1000);
                heap.Set(item, expiry);
                reference[item] = expiry;
                break;
        }
    }

    private static void Check(TimerHeap heap, Dictionary<ConnectionDriver, ulong> reference)
    {
        Assert.AreEqual(reference.Count, heap.Count);
        Assert.AreEqual(reference.Count == 0 ? ulong.MaxValue : reference.Values.Min(), heap.NextExpiry);
    }

    // The heap only uses the place and the time: a driver without a connection serves as well.
    private static ConnectionDriver NewItem()
    {
        var item = (ConnectionDriver)RuntimeHelpers.GetUninitializedObject(typeof(ConnectionDriver));
        item.TimerIndex = -1;
        item.TimerExpiry = ulong.MaxValue;
        return item;
    }
}
