using Net.Testing;

namespace Net.UnitTests.RawStreams;

/// <summary>Variable-length integers against the definition of RFC 9000, section 16, with values and bytes made out of a seed.</summary>
[TestClass]
public sealed class VariableLengthIntegerPropertyTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Write_AnyValue_IsReadBackWholeAndCutNowhere()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        byte[] bytes = new byte[8];
        for (int i = 0; i < 20_000; i++)
        {
            // Values of all magnitudes alike.
            long value = random.NextInt64(1L << random.Next(1, 63)) & VariableLengthInteger.MaxValue;
            int size = VariableLengthInteger.Write(bytes, value);
            int least = value < 1 << 6 ? 1 : value < 1 << 14 ? 2 : value < 1 << 30 ? 4 : 8;
            Assert.AreEqual(least, size);
            Assert.IsTrue(VariableLengthInteger.TryRead(bytes.AsSpan(0, size), out long read, out int readSize));
            Assert.AreEqual((value, size), (read, readSize));
            Assert.IsFalse(VariableLengthInteger.TryRead(bytes.AsSpan(0, random.Next(size)), out _, out _));
        }
    }

    [TestMethod]
    public void TryRead_AnyBytes_IsWhatTheDefinitionSays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 12)];
            random.NextBytes(bytes);
            int size = bytes.Length == 0 ? 1 : 1 << (bytes[0] >> 6);
            bool isWhole = bytes.Length >= size;
            long expected = 0;
            for (int at = 0; isWhole && at < size; at++)
            {
                expected = (expected << 8) | (at == 0 ? (byte)(bytes[0] & 0x3f) : bytes[at]);
            }

            Assert.AreEqual(isWhole, VariableLengthInteger.TryRead(bytes, out long value, out int read), Convert.ToHexString(bytes));
            int cut = random.Next(bytes.Length + 1);
            Assert.AreEqual(isWhole, VariableLengthInteger.TryRead(HeaderBytes.Split(bytes, cut), out long fromParts, out int readFromParts), Convert.ToHexString(bytes));
            if (isWhole)
            {
                Assert.AreEqual((expected, size), (value, read));
                Assert.AreEqual((expected, size), (fromParts, readFromParts));
            }
        }
    }
}
