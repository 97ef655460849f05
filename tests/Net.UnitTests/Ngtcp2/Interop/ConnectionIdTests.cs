using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

[TestClass]
public sealed unsafe class ConnectionIdTests
{
    [TestMethod]
    public void Equals_SameBytesWithDifferentRests_IsTrue()
    {
        var left = new ngtcp2_cid([1, 2, 3]);
        var right = new ngtcp2_cid([1, 2, 3, 4]) { datalen = 3 };
        Assert.AreEqual(left, right);
        Assert.IsTrue(left == right);
        Assert.AreEqual(left.GetHashCode(), right.GetHashCode());
    }

    [TestMethod]
    public void Equals_PrefixOrOtherBytes_IsFalse()
    {
        var id = new ngtcp2_cid([1, 2, 3]);
        Assert.IsTrue(id != new ngtcp2_cid([1, 2, 3, 0]));
        Assert.IsTrue(id != new ngtcp2_cid([1, 2, 4]));
        Assert.IsTrue(id != default);
        Assert.IsFalse(id.Equals("010203"));
    }

    [TestMethod]
    public void GetHashCode_OfManyIds_Spreads()
    {
        var hashes = new HashSet<int>();
        for (var i = 0; i < 1000; i++)
        {
            hashes.Add(new ngtcp2_cid([(byte)i, (byte)(i >> 8), 0, 0]).GetHashCode());
            hashes.Add(new ngtcp2_cid([(byte)i, (byte)(i >> 8), 0, 0, 0]).GetHashCode());
        }

        Assert.IsGreaterThan(1990, hashes.Count);
    }

    [TestMethod]
    public void ToString_OfAnId_IsHexadecimal()
    {
        Assert.AreEqual("00ff10", new ngtcp2_cid([0x00, 0xff, 0x10]).ToString());
        Assert.AreEqual(string.Empty, default(ngtcp2_cid).ToString());
    }

    [TestMethod]
    public void Constructor_With21Bytes_Throws()
    {
        Assert.AreEqual(20, new ngtcp2_cid(new byte[20]).AsSpan().Length);
        Assert.ThrowsExactly<ArgumentException>(static () => new ngtcp2_cid(new byte[21]));
    }

    [TestMethod]
    public void AsSpan_WithALengthBeyondTheRoom_StaysInside() =>
        Assert.AreEqual(20, new ngtcp2_cid([1]) { datalen = nuint.MaxValue }.AsSpan().Length);

    [TestMethod]
    public void Lookup_InADictionary_AllocatesNothing()
    {
        var table = new Dictionary<ngtcp2_cid, int> { [new ngtcp2_cid([1, 2, 3, 4, 5, 6, 7, 8])] = 42 };
        var key = new ngtcp2_cid([1, 2, 3, 4, 5, 6, 7, 8]);
        var found = table[key];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            found += table[key];
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.AreEqual(42 * 101, found);
    }

    [TestMethod]
    public void Init_InTheLibrary_GivesTheSameId()
    {
        NativeRequirement.Libraries();
        ReadOnlySpan<byte> bytes = [9, 8, 7, 6, 5];
        ngtcp2_cid native;
        fixed (byte* pointer = bytes)
        {
            Ngtcp2Native.ngtcp2_cid_init(&native, pointer, (nuint)bytes.Length);
        }

        var managed = new ngtcp2_cid(bytes);
        Assert.AreEqual(managed, native);
        Assert.AreNotEqual(0, Ngtcp2Native.ngtcp2_cid_eq(&managed, &native));
    }
}
