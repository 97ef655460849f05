namespace Net.UnitTests.RawStreams;

[TestClass]
public sealed class VariableLengthIntegerTests
{
    // The examples of RFC 9000, appendix A.1.
    [TestMethod]
    [DataRow("c2197c5eff14e88c", 151288809941952652L)]
    [DataRow("9d7f3e7d", 494878333L)]
    [DataRow("7bbd", 15293L)]
    [DataRow("25", 37L)]
    public void Write_ExampleOfTheRfc_GivesItsBytes(string hex, long value)
    {
        byte[] bytes = new byte[8];

        int size = VariableLengthInteger.Write(bytes, value);

        Assert.AreEqual(hex, Convert.ToHexStringLower(bytes.AsSpan(0, size)));
        Assert.IsTrue(VariableLengthInteger.TryRead(bytes, out long read, out int readSize));
        Assert.AreEqual(value, read);
        Assert.AreEqual(size, readSize);
    }

    [TestMethod]
    [DataRow(0L, 1)]
    [DataRow(63L, 1)]
    [DataRow(64L, 2)]
    [DataRow(16383L, 2)]
    [DataRow(16384L, 4)]
    [DataRow(1073741823L, 4)]
    [DataRow(1073741824L, 8)]
    [DataRow(VariableLengthInteger.MaxValue, 8)]
    public void Write_ValueAtABorder_TakesTheShortestFormAndComesBack(long value, int expectedSize)
    {
        byte[] bytes = new byte[8];

        Assert.AreEqual(expectedSize, VariableLengthInteger.Write(bytes, value));

        Assert.IsTrue(VariableLengthInteger.TryRead(bytes, out long read, out int size));
        Assert.AreEqual(value, read);
        Assert.AreEqual(expectedSize, size);
    }

    [TestMethod]
    public void TryRead_LongerFormThanNeeded_IsAccepted()
    {
        Assert.IsTrue(VariableLengthInteger.TryRead([0x40, 0x25], out long value, out int size));

        Assert.AreEqual(37, value);
        Assert.AreEqual(2, size);
    }

    [TestMethod]
    public void TryRead_BytesEndInsideTheValue_IsFalseForEveryTruncation()
    {
        byte[] bytes = Convert.FromHexString("c2197c5eff14e88c");
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.IsFalse(VariableLengthInteger.TryRead(bytes.AsSpan(0, length), out _, out _), $"{length} bytes");
            Assert.IsFalse(VariableLengthInteger.TryRead(HeaderBytes.Split(bytes.AsMemory(0, length), length / 2), out _, out _), $"{length} bytes in two segments");
        }
    }

    [TestMethod]
    public void TryRead_ValueOverSegments_IsRead()
    {
        byte[] bytes = Convert.FromHexString("c2197c5eff14e88cff");

        Assert.IsTrue(VariableLengthInteger.TryRead(HeaderBytes.Split(bytes, 1, 2, 7), out long value, out int size));

        Assert.AreEqual(151288809941952652L, value);
        Assert.AreEqual(8, size);
    }

    [TestMethod]
    public void Write_ValueOrDestinationOutOfRange_Throws()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => VariableLengthInteger.Write(new byte[8], -1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => VariableLengthInteger.Write(new byte[8], VariableLengthInteger.MaxValue + 1));
        Assert.ThrowsExactly<ArgumentException>(() => VariableLengthInteger.Write(new byte[1], 64));
    }
}
