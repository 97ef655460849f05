using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Udp;

namespace Net.UnitTests.Ngtcp2.Udp;

[TestClass]
public sealed class SocketAddressBufferTests
{
    [TestMethod]
    [DataRow("127.0.0.1:443", AddressFamily.InterNetwork, 16)]
    [DataRow("255.254.253.252:65535", AddressFamily.InterNetwork, 16)]
    [DataRow("[::1]:443", AddressFamily.InterNetworkV6, 28)]
    [DataRow("[2001:db8::1:2]:1", AddressFamily.InterNetworkV6, 28)]
    [DataRow("[fe80::1%7]:443", AddressFamily.InterNetworkV6, 28)]
    public void From_EndPoint_ComesBackTheSame(string text, AddressFamily family, int length)
    {
        IPEndPoint endPoint = IPEndPoint.Parse(text);

        SocketAddressBuffer buffer = SocketAddressBuffer.From(endPoint);

        Assert.AreEqual(endPoint, buffer.ToIPEndPoint());
        Assert.AreEqual(family, buffer.Family);
        Assert.AreEqual(length, buffer.Length);
        Assert.AreEqual(endPoint.Port, buffer.Port);
        Assert.AreEqual(endPoint.ToString(), buffer.ToString());
        CollectionAssert.AreEqual(endPoint.Address.GetAddressBytes(), buffer.AddressBytes.ToArray());
    }

    [TestMethod]
    [DataRow("10.1.2.3:4660")]
    [DataRow("[2001:db8::1:2]:4660")]
    [DataRow("[fe80::1%7]:4660")]
    public void Bytes_AreThoseOfTheKernelsStructure(string text)
    {
        IPEndPoint endPoint = IPEndPoint.Parse(text);
        SocketAddress expected = endPoint.Serialize();

        SocketAddressBuffer buffer = SocketAddressBuffer.From(endPoint);
        byte[] bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<SocketAddressBuffer>(in buffer)).ToArray();

        CollectionAssert.AreEqual(expected.Buffer.Span[..expected.Size].ToArray(), bytes[..expected.Size]);
        Assert.AreEqual(buffer, SocketAddressBuffer.FromNative(bytes.AsSpan(0, buffer.Length)));
    }

    [TestMethod]
    public void Size_OfStructures_IsThatOfC()
    {
        Assert.AreEqual(28, Unsafe.SizeOf<SocketAddressBuffer>());
        Assert.AreEqual(16, Unsafe.SizeOf<IoVector>());
        Assert.AreEqual(56, Unsafe.SizeOf<MessageHeader>());
        Assert.AreEqual(64, Unsafe.SizeOf<MultipleMessageHeader>());
        Assert.AreEqual(16, Unsafe.SizeOf<ControlMessageHeader>());
        Assert.AreEqual(32, Unsafe.SizeOf<TimerSpecification>());
        Assert.AreEqual(16, Unsafe.SizeOf<TimeSpecification>());
        Assert.AreEqual(12, Unsafe.SizeOf<PacketInformation4>());
        Assert.AreEqual(20, Unsafe.SizeOf<PacketInformation6>());
        Assert.AreEqual(16, Unsafe.SizeOf<ExtendedSocketError>());
        Assert.AreEqual(8, Unsafe.SizeOf<FilterInstruction>());
        Assert.AreEqual(16, Unsafe.SizeOf<FilterProgram>());
    }

    [TestMethod]
    public void From_MappedAddress_IsTheIPv4Address()
    {
        SocketAddressBuffer mapped = SocketAddressBuffer.From(IPEndPoint.Parse("[::ffff:10.1.2.3]:443"));

        Assert.AreEqual(SocketAddressBuffer.From(IPEndPoint.Parse("10.1.2.3:443")), mapped);
        Assert.IsFalse(mapped.IsMapped);
        SocketAddressBuffer wire = mapped.ToIPv6Socket();
        Assert.IsTrue(wire.IsMapped);
        Assert.AreEqual(IPEndPoint.Parse("[::ffff:10.1.2.3]:443"), wire.ToIPEndPoint());
        Assert.AreEqual(mapped, wire.ToCanonical());
    }

    [TestMethod]
    public void Equals_OnePartDiffers_IsFalse()
    {
        string[] texts = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", "[::a00:1]:1", "[fe80::1%1]:1", "[fe80::1%2]:1", "[fe80::2%1]:1", "[fe80:0:0:1::1%1]:1"];
        SocketAddressBuffer[] all = [.. texts.Select(t => SocketAddressBuffer.From(IPEndPoint.Parse(t))), default];

        for (int i = 0; i < all.Length; i++)
        {
            for (int j = 0; j < all.Length; j++)
            {
                Assert.AreEqual(i == j, all[i] == all[j], $"{all[i]} and {all[j]}");
                Assert.AreEqual(i != j, all[i] != all[j]);
            }
        }

        Assert.HasCount(all.Length, all.Select(a => a.GetHashCode()).Distinct().ToArray());
        Assert.IsTrue(all[0].HasSameAddress(all[1]));
        Assert.AreEqual(all[1], all[0].WithPort(2));
    }

    [TestMethod]
    public void From_ScopeOfAGlobalAddress_IsLeftOut()
    {
        IPAddress scoped = new(IPAddress.Parse("2001:db8::1").GetAddressBytes(), 5);

        Assert.AreEqual(SocketAddressBuffer.From(IPAddress.Parse("2001:db8::1"), 1), SocketAddressBuffer.From(scoped, 1));
    }

    [TestMethod]
    public void FromNative_FlowLabelAndTrash_AreLeftOut()
    {
        byte[] native = new byte[28];
        SocketAddressBuffer expected6 = SocketAddressBuffer.From(IPEndPoint.Parse("[2001:db8::1]:443"));
        MemoryMarshal.Write(native, in expected6);
        native[4] = native[5] = 0xAA;
        Assert.AreEqual(expected6, SocketAddressBuffer.FromNative(native));

        SocketAddressBuffer expected4 = SocketAddressBuffer.From(IPEndPoint.Parse("10.1.2.3:443"));
        MemoryMarshal.Write(native, in expected4);
        native.AsSpan(8).Fill(0xAA);
        Assert.AreEqual(expected4, SocketAddressBuffer.FromNative(native));
    }

    [TestMethod]
    public void FromNative_UnknownOrShort_IsUnspecified()
    {
        Assert.IsTrue(SocketAddressBuffer.FromNative([]).IsUnspecified);
        Assert.IsTrue(SocketAddressBuffer.FromNative([1, 0, 0, 0, 0, 0, 0, 0]).IsUnspecified);
        Assert.IsTrue(SocketAddressBuffer.FromNative([2, 0, 0, 0, 0, 0]).IsUnspecified);
        Assert.IsTrue(SocketAddressBuffer.FromNative([10, 0, .. new byte[20]]).IsUnspecified);
        Assert.AreEqual(0, default(SocketAddressBuffer).Length);
        Assert.ThrowsExactly<InvalidOperationException>(() => default(SocketAddressBuffer).ToIPEndPoint());
    }

    [TestMethod]
    public void IsWildcard_OnlyForTheTwoWildcards()
    {
        Assert.IsTrue(SocketAddressBuffer.From(IPAddress.Any, 1).IsWildcard);
        Assert.IsTrue(SocketAddressBuffer.From(IPAddress.IPv6Any, 1).IsWildcard);
        Assert.IsFalse(SocketAddressBuffer.From(IPAddress.Loopback, 0).IsWildcard);
        Assert.IsFalse(SocketAddressBuffer.From(IPAddress.IPv6Loopback, 0).IsWildcard);
    }

    [TestMethod]
    public void From_EndPoint_AllocatesNothing()
    {
        IPEndPoint[] endPoints = [IPEndPoint.Parse("10.1.2.3:443"), IPEndPoint.Parse("[2001:db8::1]:443"), IPEndPoint.Parse("[::ffff:10.1.2.3]:443")];
        int hash = 0;
        for (int warm = 0; warm < 2; warm++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (IPEndPoint endPoint in endPoints)
            {
                SocketAddressBuffer buffer = SocketAddressBuffer.From(endPoint);
                hash ^= buffer.GetHashCode() ^ (buffer == buffer.WithPort(1) ? 1 : 0);
            }

            Assert.IsTrue(warm == 0 || GC.GetAllocatedBytesForCurrentThread() == before, $"hash {hash}");
        }
    }
}
