using System.Buffers;
using System.Diagnostics;
using Net.Testing;

namespace Net.UnitTests.RawStreams;

[TestClass]
public sealed class RawStreamHeaderTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TryRead_WhatWriteWrote_IsTheSameHeaderHoweverItIsSegmented()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 2000; i++)
        {
            RawStreamHeader header = RandomHeaders.Make(random);
            byte[] bytes = HeaderBytes.Write(header);
            Assert.AreEqual(bytes.Length, RawStreamHeaderWriter.GetSize(header));

            byte[] followed = [.. bytes, 0xAA, 0xBB];
            int first = random.Next(followed.Length);
            ReadOnlySequence<byte> sequence = HeaderBytes.Split(followed, first, random.Next(first, followed.Length));
            RawStreamHeaderStatus status = RawStreamHeaderReader.TryRead(ref sequence, RawStreamLimits.Default, out RawStreamHeader? read, out _);

            Assert.AreEqual(RawStreamHeaderStatus.Complete, status);
            Assert.AreEqual(header, read);
            CollectionAssert.AreEqual(new byte[] { 0xAA, 0xBB }, sequence.ToArray());
        }
    }

    [TestMethod]
    public void TryRead_EveryTruncation_NeedsMoreAndConsumesNothing()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 100; i++)
        {
            byte[] bytes = HeaderBytes.Write(RandomHeaders.Make(random));
            for (int length = 0; length < bytes.Length; length++)
            {
                RawStreamHeaderStatus status = HeaderBytes.Read(bytes.AsMemory(0, length), RawStreamLimits.Default, out _, out int rest);

                Assert.AreEqual(RawStreamHeaderStatus.NeedMore, status, $"{length} of {bytes.Length} bytes");
                Assert.AreEqual(length, rest);
            }
        }
    }

    [TestMethod]
    public void TryRead_MutatedBytes_NeverThrowsAndAllocatesLittle()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        var outcomes = new int[5];
        for (int i = 0; i < 30_000; i++)
        {
            byte[] bytes = Mutate(HeaderBytes.Write(RandomHeaders.Make(random)), random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            RawStreamHeaderStatus status = HeaderBytes.Read(bytes, out RawStreamHeader? header);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            outcomes[(int)status]++;
            // A route and each name cost a string of two bytes a character, each value a copy, each entry and the header a fixed part.
            Assert.IsLessThanOrEqualTo(status == RawStreamHeaderStatus.Complete ? 4096 + (4 * bytes.Length) + (64 * 96) : 1024, allocated, $"{status}, {bytes.Length} bytes");
            if (header is not null)
            {
                // What was accepted is within the rules, so that it can be written and read again.
                Assert.AreEqual(RawStreamHeaderStatus.Complete, HeaderBytes.Read(HeaderBytes.Write(header), out RawStreamHeader? again));
                Assert.AreEqual(header, again);
            }
        }

        TestContext.WriteLine(string.Join(", ", outcomes.Select((count, status) => $"{(RawStreamHeaderStatus)status}: {count}")));
        Assert.IsTrue(outcomes.All(static count => count > 0), "Every outcome should come up in so many mutations.");
    }

    [TestMethod]
    public void TryRead_RandomBytes_NeverThrows()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 30_000; i++)
        {
            byte[] bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            HeaderBytes.Read(bytes, out _);
        }
    }

    [TestMethod]
    public void TryRead_RefusedHeader_AllocatesNothing()
    {
        byte[] tooLarge = Convert.FromHexString("80004001");
        byte[] malformed = Convert.FromHexString("0710056563686f21");
        malformed[1] = 0x20;
        HeaderBytes.Read(tooLarge, out _);
        HeaderBytes.Read(malformed, out _);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            var first = new ReadOnlySequence<byte>(tooLarge);
            RawStreamHeaderReader.TryRead(ref first, RawStreamLimits.Default, out _, out _);
            var second = new ReadOnlySequence<byte>(malformed);
            RawStreamHeaderReader.TryRead(ref second, RawStreamLimits.Default, out _, out _);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void TryRead_BodyLengthOverTheLimit_IsRefusedFromItsLengthAlone()
    {
        var limits = new RawStreamLimits { MaxHeaderSize = 64 };

        Assert.AreEqual(RawStreamHeaderStatus.NeedMore, HeaderBytes.Read(Convert.FromHexString("4040"), limits, out _, out _));
        Assert.AreEqual(RawStreamHeaderStatus.TooLarge, HeaderBytes.Read(Convert.FromHexString("4041"), limits, out _, out _));
    }

    [TestMethod]
    public void TryRead_HeaderAtALimit_IsTakenAndOneOverIsRefused()
    {
        RawStreamHeader header = new("r") { Metadata = RawStreamMetadata.Create(("ab", "1234"), ("c", "")) };
        byte[] bytes = HeaderBytes.Write(header);

        Assert.AreEqual(RawStreamHeaderStatus.Complete, HeaderBytes.Read(bytes, new RawStreamLimits { MaxMetadataCount = 2, MaxMetadataSize = 7 }, out _, out _));
        Assert.AreEqual(RawStreamHeaderStatus.TooLarge, HeaderBytes.Read(bytes, new RawStreamLimits { MaxMetadataCount = 1 }, out _, out _));
        Assert.AreEqual(RawStreamHeaderStatus.TooLarge, HeaderBytes.Read(bytes, new RawStreamLimits { MaxMetadataSize = 6 }, out _, out _));
    }

    [TestMethod]
    public void Write_HeaderOverALimit_NamesTheLimitAndWritesNothing()
    {
        RawStreamHeader header = new("r") { Metadata = RawStreamMetadata.Create(("ab", new string('v', 100)), ("c", "")) };
        var output = new ArrayBufferWriter<byte>();

        foreach ((RawStreamLimits limits, string name) in new[]
        {
            (new RawStreamLimits { MaxMetadataCount = 1 }, "RawStreamLimits.MaxMetadataCount"),
            (new RawStreamLimits { MaxMetadataSize = 102 }, "RawStreamLimits.MaxMetadataSize"),
            (new RawStreamLimits { MaxHeaderSize = 64 }, "RawStreamLimits.MaxHeaderSize"),
        })
        {
            TransportException exception = Assert.ThrowsExactly<TransportException>(() => RawStreamHeaderWriter.Write(output, header, limits));
            Assert.AreEqual(TransportError.MessageTooLarge, exception.Error);
            Assert.Contains(name, exception.Message);
        }

        Assert.AreEqual(0, output.WrittenCount);
    }

    [TestMethod]
    public void Constructor_RouteThatCannotBeSent_Throws()
    {
        foreach (string route in new[] { "", "a\nb", "\u007f", "\ud800" })
        {
            Assert.ThrowsExactly<ArgumentException>(() => new RawStreamHeader(route));
        }
    }

    [TestMethod]
    public void Constructor_RouteOf255BytesOfUtf8_IsTakenAnd256AreNot()
    {
        string longest = new string('é', 127) + "a";

        Assert.AreEqual(RawStreamHeaderStatus.Complete, HeaderBytes.Read(HeaderBytes.Write(new RawStreamHeader(longest)), out RawStreamHeader? read));
        Assert.AreEqual(longest, read!.Route);
        Assert.ThrowsExactly<ArgumentException>(() => new RawStreamHeader(longest + "a"));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("Upper")]
    [DataRow("with space")]
    [DataRow("umläut")]
    public void Add_NameThatIsNoToken_Throws(string name) =>
        Assert.ThrowsExactly<ArgumentException>(() => RawStreamMetadata.Empty.Add(name, "v"));

    [TestMethod]
    public void Metadata_NameThatStandsTwice_GivesTheFirstValueAndKeepsTheOrder()
    {
        RawStreamMetadata metadata = RawStreamMetadata.Create(("a", "1"), ("b", "2"), ("a", "3"));

        Assert.AreEqual("1", metadata.GetText("a"));
        Assert.IsNull(metadata.GetText("c"));
        Assert.AreEqual("a=1 b=2 a=3", string.Join(' ', metadata.Select(static e => $"{e.Name}={e.GetText()}")));
    }

    [TestMethod]
    public void Metadata_ToString_ShowsNoValue()
    {
        string text = RawStreamMetadata.Create(("authorization", "Bearer secret")).ToString();

        Assert.AreEqual("authorization (13 bytes)", text);
    }

    [TestMethod]
    public void Deadline_OutOfRange_Throws()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RawStreamHeader("r") { Deadline = TimeSpan.FromTicks(-1) });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RawStreamHeader("r") { Deadline = RawStreamProtocol.MaxDeadline + TimeSpan.FromTicks(1) });
    }

    [TestMethod]
    public void TryRead_DeadlineBeyond30Days_IsTakenAs30Days()
    {
        byte[] bytes = Convert.FromHexString("1010046563686f0108ffffffffffffffff");

        Assert.AreEqual(RawStreamHeaderStatus.Complete, HeaderBytes.Read(bytes, out RawStreamHeader? header));
        Assert.AreEqual(RawStreamProtocol.MaxDeadline, header!.Deadline);
    }

    [TestMethod]
    public void TraceContext_StateThatCannotBeCarried_IsLeftOut()
    {
        foreach (string state in new[] { new string('x', 513), "a=ü", "" })
        {
            var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, state);
            HeaderBytes.Read(HeaderBytes.Write(new RawStreamHeader("r") { TraceContext = context }), out RawStreamHeader? header);

            Assert.IsNotNull(header);
            Assert.AreEqual(context.SpanId, header.TraceContext.SpanId);
            Assert.IsNull(header.TraceContext.TraceState);
        }
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        int changes = random.Next(1, 4);
        for (int i = 0; i < changes && bytes.Length > 0; i++)
        {
            int at = random.Next(2) == 0 ? random.Next(Math.Min(bytes.Length, 24)) : random.Next(bytes.Length);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes = [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + 1)];
                    break;
                default:
                    bytes = [.. bytes.AsSpan(0, at), (byte)random.Next(256), .. bytes.AsSpan(at)];
                    break;
            }
        }

        return bytes;
    }
}
