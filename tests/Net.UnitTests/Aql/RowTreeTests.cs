using Google.Protobuf;
using Net.Aql;
using Net.Testing;

namespace Net.UnitTests.Aql;

/// <summary>The tree of rows against the sorted dictionary of the library.</summary>
[TestClass]
public sealed class RowTreeTests
{
    private static readonly Comparer<byte[]> Order = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    [TestMethod]
    [DataRow(40)]
    [DataRow(3000)]
    public void Tree_RandomWrites_HoldsWhatASortedDictionaryHolds(int keys)
    {
        Random random = TestSeed.TakeRandom();
        var model = new SortedDictionary<byte[], Row>(Order);
        RowTree tree = RowTree.Empty;
        for (int step = 0; step < 20_000; step++)
        {
            byte[] key = MakeKey(random, keys);
            bool existed = model.TryGetValue(key, out Row? old);
            // Phases of growing and of shrinking, so that nodes split and join.
            if (random.Next(100) < (step / 5000 % 2 == 0 ? 75 : 25))
            {
                Row row = MakeRow(key, step);
                model[key] = row;
                tree = tree.With(row, out Row? previous);
                Assert.AreSame(old, previous);
            }
            else
            {
                Assert.AreEqual(existed, model.Remove(key));
                tree = tree.Without(key, out Row? previous);
                Assert.AreSame(old, previous);
            }

            Assert.AreEqual(model.Count, tree.Count);
            Assert.AreSame(model.GetValueOrDefault(key), tree.Find(key));
            if (step % 97 == 0)
            {
                CompareScans(random, keys, model, tree);
            }
        }
    }

    [TestMethod]
    public void Tree_KeysInOrderThenAllTakenOut_EndsEmpty()
    {
        RowTree tree = RowTree.Empty;
        for (int i = 0; i < 5000; i++)
        {
            tree = tree.With(MakeRow(BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(i)), i), out _);
        }

        Assert.AreEqual(5000, tree.Count);
        foreach (Row row in tree.Scan())
        {
            tree = tree.Without(row.Key.Span, out Row? previous);
            Assert.AreSame(row, previous);
        }

        Assert.AreEqual(0, tree.Count);
        Assert.AreSame(RowTree.Empty, tree);
    }

    [TestMethod]
    public void Scan_TreeChangedInBetween_SeesWhatItBeganWith()
    {
        RowTree tree = RowTree.Empty;
        for (int i = 0; i < 200; i++)
        {
            tree = tree.With(MakeRow([(byte)i], i), out _);
        }

        RowTree changed = tree;
        int seen = 0;
        foreach (Row row in tree.Scan())
        {
            changed = changed.Without(row.Key.Span, out _);
            changed = changed.With(MakeRow([row.Key[0], 1], 0), out _);
            seen++;
        }

        Assert.AreEqual(200, seen);
        Assert.IsTrue(changed.Scan().All(row => row.Key.Length == 2));
        Assert.IsTrue(tree.Scan().All(row => row.Key.Length == 1));
    }

    private static void CompareScans(Random random, int keys, SortedDictionary<byte[], Row> model, RowTree tree)
    {
        byte[]? start = random.Next(4) == 0 ? null : MakeKey(random, keys);
        byte[]? end = random.Next(4) == 0 ? null : MakeKey(random, keys);
        Row[] expected = [.. model.Where(p => (start is null || Order.Compare(p.Key, start) >= 0) && (end is null || Order.Compare(p.Key, end) < 0)).Select(p => p.Value)];

        Row[] actual = [.. tree.Scan(start is null ? null : ByteString.CopyFrom(start), end is null ? null : ByteString.CopyFrom(end))];

        CollectionAssert.AreEqual(expected, actual);
    }

    // Few different bytes and lengths, so that keys are often equal or prefixes of each other.
    private static byte[] MakeKey(Random random, int keys)
    {
        int number = random.Next(keys);
        var key = new List<byte>();
        for (; number > 0; number /= 4)
        {
            key.Add((byte)(number % 4 * 85));
        }

        return [.. key, 7];
    }

    private static Row MakeRow(byte[] key, int value) =>
        new(ByteString.CopyFrom(key), ByteString.CopyFrom(BitConverter.GetBytes(value)), new RowMetadata(4, 0, 0, 0, null));
}
