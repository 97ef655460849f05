using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Udp;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Udp;

/// <summary>Any address in the kernel's layout, against what the runtime makes of the same end point.</summary>
[TestClass]
public sealed class SocketAddressPropertyTests
{
    private const int Rounds = 20_000;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void FromNative_AnyEndPointAsTheRuntimeWritesIt_IsThatEndPoint()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            IPEndPoint endPoint = Make(random);
            SocketAddress native = endPoint.Serialize();

            SocketAddressBuffer read = SocketAddressBuffer.FromNative(native.Buffer.Span[..native.Size]);

            Assert.AreEqual(Canonical(endPoint), read.ToIPEndPoint(), endPoint.ToString());
            Assert.AreEqual(read, SocketAddressBuffer.From(endPoint), endPoint.ToString());
            Assert.AreEqual(read, read.ToIPv6Socket().ToCanonical(), endPoint.ToString());
            SocketAddress again = read.ToIPEndPoint().Serialize();
            Assert.AreSequenceEqual(
                again.Buffer.Span[..again.Size].ToArray(), MemoryMarshal.AsBytes(new ReadOnlySpan<SocketAddressBuffer>(in read))[..again.Size].ToArray(), endPoint.ToString());
        }
    }

    [TestMethod]
    public void FromNative_AnyBytes_IsUnspecifiedUnlessTheFamilyIsKnownAndWhole()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = new byte[random.Next(33)];
            random.NextBytes(bytes);
            if (bytes.Length >= 2 && random.Next(4) != 0)
            {
                MemoryMarshal.Write(bytes, (ushort)(random.Next(2) == 0 ? 2 : 10));
            }

            int family = bytes.Length >= 2 ? MemoryMarshal.Read<ushort>(bytes) : 0;
            SocketAddressBuffer read = SocketAddressBuffer.FromNative(bytes);

            bool isKnown = (family == 2 && bytes.Length >= 8) || (family == 10 && bytes.Length >= 28);
            Assert.AreEqual(!isKnown, read.IsUnspecified, Convert.ToHexString(bytes));
            if (isKnown)
            {
                Assert.AreEqual((bytes[2] << 8) | bytes[3], read.Port);
                byte[] address = bytes.AsSpan(family == 2 ? 4 : 8, family == 2 ? 4 : 16).ToArray();
                Assert.AreEqual(Canonical(new IPEndPoint(new IPAddress(address), 0)).Address.ToString(), new IPAddress(read.AddressBytes).ToString());
            }
        }
    }

    private static IPEndPoint Make(Random random)
    {
        byte[] address = new byte[random.Next(2) == 0 ? 4 : 16];
        random.NextBytes(address);
        if (address.Length == 16)
        {
            byte[] begin = random.Next(6) switch
            {
                0 => [0xfe, (byte)(0x80 | random.Next(64))],
                1 => [0xff, (byte)((random.Next(16) << 4) | 2)],
                2 => new byte[8],
                3 => new byte[15],
                4 => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
                _ => [],
            };
            begin.CopyTo(address, 0);
        }

        IPAddress made = address.Length == 4 ? new IPAddress(address) : new IPAddress(address, random.Next(2) == 0 ? 0 : random.Next(1, 1000));
        return new IPEndPoint(made, random.Next(65536));
    }

    // An IPv4-mapped address is its IPv4 address, and an interface belongs to link-local addresses alone (RFC 4291, sections 2.5.5.2, 2.5.6 and 2.7).
    private static IPEndPoint Canonical(IPEndPoint endPoint)
    {
        IPAddress address = endPoint.Address;
        if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
        {
            return new IPEndPoint(address.MapToIPv4(), endPoint.Port);
        }

        byte[] bytes = address.GetAddressBytes();
        bool hasInterface = address.IsIPv6LinkLocal || (address.IsIPv6Multicast && (bytes[1] & 15) == 2);
        return new IPEndPoint(new IPAddress(bytes, hasInterface ? address.ScopeId : 0), endPoint.Port);
    }
}
