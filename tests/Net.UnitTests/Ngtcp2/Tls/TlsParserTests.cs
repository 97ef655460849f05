using System.Buffers.Binary;
using Net.Ngtcp2.Tls;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Tls;

/// <summary>The parsers of TLS messages and of tickets, with messages made out of a seed: what was written is found, and what is damaged is refused or read, but never past its end.</summary>
[TestClass]
public sealed class TlsParserTests
{
    private const int Rounds = 3000;
    private const ushort EarlyData = 42;
    private const ushort Groups = 10;
    private const ushort Shares = 51;
    private static readonly ushort[] Known = [0x0017, 0x0018, 0x001d];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void ClientHello_AnyGroupsAndShares_AnswersAsALookAtTheListsDoes()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int yes = 0;
        for (int i = 0; i < Rounds; i++)
        {
            ushort[] groups = RandomGroups(random);
            ushort[] shares = RandomGroups(random);
            byte[] hello = Hello(random, [Extension(Groups, Vector(2, groups.SelectMany(Number))), Extension(Shares, Vector(2, shares.SelectMany(s => Share(s, random))))]);
            ushort chosen = groups.FirstOrDefault(static g => Known.Contains(g));
            bool expected = chosen != 0 && shares.Contains(chosen);
            yes += expected ? 1 : 0;
            Assert.AreEqual(expected, ClientHelloMessage.HasShareOfChosenGroup(hello), Convert.ToHexString(hello));
        }

        Assert.IsGreaterThan(Rounds / 20, yes);
    }

    [TestMethod]
    public void ClientHello_CutOrDamaged_NeverThrowsAndIsNeverTrustedWhenCut()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            byte[] hello = Hello(random, [Extension(Groups, Vector(2, Number(0x001d))), Extension(Shares, Vector(2, Share(0x001d, random)))]);
            Assert.IsTrue(ClientHelloMessage.HasShareOfChosenGroup(hello));
            Assert.IsFalse(ClientHelloMessage.HasShareOfChosenGroup(hello.AsSpan(0, random.Next(hello.Length))));
            _ = ClientHelloMessage.HasShareOfChosenGroup(Damage(random, hello));
            _ = ClientHelloMessage.HasShareOfChosenGroup(RandomBytes(random, random.Next(200)));
        }
    }

    [TestMethod]
    public void NewSessionTicket_AnyExtensions_FindsThePermissionAndTakesItOut()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            List<byte[]> before = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Extension((ushort)random.Next(100, 200), RandomBytes(random, random.Next(20))))];
            byte[]? permission = random.Next(3) switch { 0 => null, 1 => [0xff, 0xff, 0xff, 0xff], _ => RandomBytes(random, random.Next(8)) };
            if (permission is not null)
            {
                before.Insert(random.Next(before.Count + 1), Extension(EarlyData, permission));
            }

            byte[] message = Ticket(random, before);
            EarlyDataPermission expected = permission is null ? EarlyDataPermission.Absent
                : permission.AsSpan().SequenceEqual((ReadOnlySpan<byte>)[0xff, 0xff, 0xff, 0xff]) ? EarlyDataPermission.Allowed : EarlyDataPermission.WrongSize;
            Assert.AreEqual(expected, NewSessionTicketMessage.FindEarlyData(message, out int offset));
            Assert.AreEqual(permission is null, offset < 0);
            int cut = random.Next(message.Length);
            Assert.AreEqual(EarlyDataPermission.Malformed, NewSessionTicketMessage.FindEarlyData(message.AsSpan(0, cut), out _));
            byte[] changed = [.. message];
            Assert.IsTrue(NewSessionTicketMessage.TryForbidEarlyData(changed));
            Assert.AreEqual(EarlyDataPermission.Absent, NewSessionTicketMessage.FindEarlyData(changed, out _));
            Assert.AreEqual(permission is null ? 0 : 2, changed.Zip(message).Count(static b => b.First != b.Second));
            _ = NewSessionTicketMessage.FindEarlyData(Damage(random, message), out _);
            _ = NewSessionTicketMessage.FindEarlyData(RandomBytes(random, random.Next(60)), out _);
        }
    }

    [TestMethod]
    public void ResumptionData_AnyParts_ComeBackAndDamageIsRefusedOrRead()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            var data = new ResumptionData(
                new string(random.GetItems<char>("abcdefgh/0123456789", random.Next(1, 256))),
                random.Next(2) == 0,
                new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()),
                [.. Enumerable.Range(0, random.Next(5)).Select(_ => (ReadOnlyMemory<byte>)RandomBytes(random, random.Next(2000)))],
                RandomBytes(random, random.Next(1, 500)));
            byte[] bytes = data.ToArray();
            Assert.IsTrue(ResumptionData.TryParse(bytes, out ResumptionData? parsed));
            Assert.AreEqual((data.ApplicationProtocol, data.AllowsEarlyData, data.Owner), (parsed.ApplicationProtocol, parsed.AllowsEarlyData, parsed.Owner));
            Assert.AreEqual(Hex(data.PeerChain), Hex(parsed.PeerChain));
            Assert.AreEqual(Convert.ToHexString(data.Session.Span), Convert.ToHexString(parsed.Session.Span));

            // The session itself reaches to the end, so that a cut within it is for GnuTLS to find.
            int head = bytes.Length - data.Session.Length;
            Assert.IsFalse(ResumptionData.TryParse(bytes.AsMemory(0, random.Next(head + 1)), out _));
            _ = ResumptionData.TryParse(Damage(random, bytes), out _);
            _ = ResumptionData.TryParse(RandomBytes(random, random.Next(100)), out _);
        }
    }

    private static string Hex(IEnumerable<ReadOnlyMemory<byte>> chain) => string.Join(' ', chain.Select(static c => Convert.ToHexString(c.Span)));

    private static ushort[] RandomGroups(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(2) == 0 ? Known[random.Next(Known.Length)] : (ushort)random.Next(0x100, 0x2000)).Distinct()];

    private static byte[] Hello(Random random, byte[][] extensions)
    {
        List<byte[]> all = [.. extensions, .. Enumerable.Range(0, random.Next(4)).Select(_ => Extension((ushort)random.Next(100, 200), RandomBytes(random, random.Next(30))))];
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all));
        return
        [
            3, 3, .. RandomBytes(random, 32), .. Vector(1, RandomBytes(random, random.Next(33))), .. Vector(2, RandomBytes(random, 2 * random.Next(1, 10))),
            .. Vector(1, RandomBytes(random, 1)), .. Vector(2, all.SelectMany(static e => e)),
        ];
    }

    private static byte[] Ticket(Random random, IEnumerable<byte[]> extensions) =>
    [
        .. RandomBytes(random, 8), .. Vector(1, RandomBytes(random, random.Next(256))), .. Vector(2, RandomBytes(random, random.Next(1, 300))),
        .. Vector(2, extensions.SelectMany(static e => e)),
    ];

    private static byte[] Share(ushort group, Random random) => [.. Number(group), .. Vector(2, RandomBytes(random, random.Next(1, 70)))];

    private static byte[] Extension(ushort type, byte[] content) => [.. Number(type), .. Vector(2, content)];

    private static byte[] Number(ushort value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Vector(int lengthBytes, IEnumerable<byte> content)
    {
        byte[] bytes = [.. content];
        return lengthBytes == 1 ? [(byte)bytes.Length, .. bytes] : [.. Number((ushort)bytes.Length), .. bytes];
    }

    private static byte[] RandomBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Damage(Random random, byte[] bytes)
    {
        byte[] copy = [.. bytes];
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
        }

        return copy;
    }
}
