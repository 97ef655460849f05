using System.Buffers;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Memory;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Memory;

/// <summary>Blocks that native code may point into.</summary>
[TestClass]
public sealed class PinnedBlockPoolTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(-1, 4096)]
    [DataRow(0, 4096)]
    [DataRow(1, 4096)]
    [DataRow(4096, 4096)]
    [DataRow(4097, 8192)]
    [DataRow(65_536, 65_536)]
    [DataRow(65_537, 131_072)]
    [DataRow(1 << 20, 1 << 20)]
    [DataRow((1 << 20) + 1, (1 << 20) + 1)]
    [DataRow(5_000_000, 5_000_000)]
    public void Rent_OfASize_GivesTheNextPowerOfTwo(int wanted, int expected)
    {
        using IMemoryOwner<byte> block = PinnedBlockPool.Instance.Rent(wanted);
        Assert.AreEqual(expected, block.Memory.Length);
    }

    [TestMethod]
    public void Rent_AnySize_IsPinned()
    {
        foreach (int size in new[] { 1, 4097, 1 << 20, 3 << 20 })
        {
            using IMemoryOwner<byte> block = PinnedBlockPool.Instance.Rent(size);
            Assert.IsTrue(MemoryMarshal.TryGetArray<byte>(block.Memory, out ArraySegment<byte> array));

            // Arrays of the pinned heap are of the oldest generation at once; the collector never moves one.
            Assert.AreEqual(GC.MaxGeneration, GC.GetGeneration(array.Array!));
            nint before = Marshal.UnsafeAddrOfPinnedArrayElement(array.Array!, 0);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            Assert.AreEqual(before, Marshal.UnsafeAddrOfPinnedArrayElement(array.Array!, 0));
        }
    }

    [TestMethod]
    public void Dispose_Twice_GivesTheBlockOutOnce()
    {
        IMemoryOwner<byte> block = PinnedBlockPool.Instance.Rent(1 << 19);
        block.Dispose();
        block.Dispose();
        var seen = new HashSet<byte[]>();
        List<IMemoryOwner<byte>> rented = [.. Enumerable.Range(0, 100).Select(static _ => PinnedBlockPool.Instance.Rent(1 << 19))];
        foreach (IMemoryOwner<byte> other in rented)
        {
            Assert.IsTrue(seen.Add(ArrayOf(other)), "One block was given out twice.");
            other.Dispose();
        }
    }

    [TestMethod]
    public void RentAndDispose_InAnyOrder_NeverSharesABlock()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        var held = new Dictionary<byte[], IMemoryOwner<byte>>();
        for (int i = 0; i < 20_000; i++)
        {
            if (held.Count > 0 && random.Next(2) == 0)
            {
                byte[] key = held.Keys.ElementAt(random.Next(held.Count));
                held.Remove(key, out IMemoryOwner<byte>? owner);
                owner!.Dispose();
                continue;
            }

            IMemoryOwner<byte> rented = PinnedBlockPool.Instance.Rent(random.Next(1, 20_000));
            Assert.IsTrue(held.TryAdd(ArrayOf(rented), rented), "A block was given out that is in use.");
            if (held.Count > 200)
            {
                held.Values.ToList().ForEach(static o => o.Dispose());
                held.Clear();
            }
        }
    }

    [TestMethod]
    public async Task RentAndDispose_OnManyThreads_NeverSharesABlock()
    {
        Task[] workers = [.. Enumerable.Range(0, 4).Select(static worker => Task.Run(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                using IMemoryOwner<byte> block = PinnedBlockPool.Instance.Rent(4096);
                Span<byte> span = block.Memory.Span;
                span[0] = (byte)worker;
                span[^1] = (byte)i;
                if (i % 16 == 0)
                {
                    // Not each time: beside a busy process each may cost the whole of its turn.
                    Thread.Yield();
                }

                Assert.AreEqual((byte)worker, span[0]);
                Assert.AreEqual((byte)i, span[^1]);
            }
        }))];
        await Task.WhenAll(workers).WithTimeout();
    }

    private static byte[] ArrayOf(IMemoryOwner<byte> owner)
    {
        Assert.IsTrue(MemoryMarshal.TryGetArray<byte>(owner.Memory, out ArraySegment<byte> array));
        return array.Array!;
    }
}
