using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Connection ids as keys.</summary>
[TestClass]
public sealed class ConnectionIdKeyTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Equals_AnyTwoIds_IsEqualityOfTheirBytes()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] first = RandomId(random);
            byte[] second = random.Next(3) == 0 ? RandomId(random) : Neighbour(random, first);
            var firstKey = new ConnectionIdKey(first);
            var secondKey = new ConnectionIdKey(second);
            bool expected = first.AsSpan().SequenceEqual(second);
            Assert.AreEqual(expected, firstKey.Equals(secondKey));
            Assert.AreEqual(expected, firstKey.Equals((object)secondKey));
            if (expected)
            {
                Assert.AreEqual(firstKey.GetHashCode(), secondKey.GetHashCode());
            }
        }
    }

    [TestMethod]
    public void Equals_ToSomethingElse_IsFalse() => Assert.IsFalse(new ConnectionIdKey([1, 2, 3]).Equals((object)"010203"));

    [TestMethod]
    public void GetHashCode_OfIdsThatDifferLittle_SpreadsOverAllBuckets()
    {
        // As a peer might choose them that wants all in one bucket: one byte differs, at every place.
        const int Buckets = 64;
        for (int place = 0; place < ConnectionIdKey.MaxLength; place++)
        {
            int[] counts = new int[Buckets];
            for (int value = 0; value < 256; value++)
            {
                byte[] id = new byte[ConnectionIdKey.MaxLength];
                id[place] = (byte)value;
                counts[(uint)new ConnectionIdKey(id).GetHashCode() % Buckets]++;
            }

            Assert.IsLessThan(32, counts.Max(), $"Byte {place}");
        }
    }

    private static byte[] RandomId(Random random)
    {
        byte[] id = new byte[random.Next(ConnectionIdKey.MaxLength + 1)];
        random.NextBytes(id);
        return id;
    }

    // The same bytes, one bit flipped, one zero more, or one byte less.
    private static byte[] Neighbour(Random random, byte[] id)
    {
        byte[] copy = [.. id];
        switch (random.Next(4))
        {
            case 0 when copy.Length > 0:
                copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
                return copy;
            case 1 when copy.Length < ConnectionIdKey.MaxLength:
                return [.. copy, 0];
            case 2 when copy.Length > 0:
                return copy[..^1];
            default:
                return copy;
        }
    }
}
