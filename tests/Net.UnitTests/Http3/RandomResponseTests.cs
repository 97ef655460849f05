using System.Buffers;
using Net.Http3;
using Net.Http3.Interop;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Http3;

/// <summary>Responses and control streams that were damaged at random: whatever comes is taken, refused with a code, or waits for more; nothing else happens.</summary>
[TestClass]
public sealed class RandomResponseTests
{
    private const int Rounds = 3000;

    private static readonly byte[] Response =
    [
        .. FrameBytes.Headers((":status", "103"), ("link", "</a>")), .. FrameBytes.Headers((":status", "200"), ("content-type", "text/plain"), ("content-length", "9")),
        .. FrameBytes.Data("some"), .. FrameBytes.Frame(0x21, [1, 2, 3]), .. FrameBytes.Data("thing"), .. FrameBytes.Headers(("grpc-status", "0")),
    ];

    private static readonly byte[] Control =
        [.. FrameBytes.Settings((1, 4096), (6, 65536), (7, 16), (0x33, 1)), .. FrameBytes.Frame(0x21, [1, 2]), .. FrameBytes.Frame(0x07, [8]), .. FrameBytes.Frame(0x07, [4])];

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void RequireLibrary()
    {
        if (!Http3Connection.Support.IsSupported)
        {
            NativeRequirement.Missing(Http3Connection.Support.Reason!);
        }
    }

    [TestMethod]
    public void ResponseReader_DamagedResponses_AreTakenOrRefused()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int whole = 0;
        int refused = 0;
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = i % 10 == 0 ? Response : Damage(Response, random);
            try
            {
                whole += ReadInPieces(bytes, random) ? 1 : 0;
            }
            catch (Exception exception) when (exception is Http3ProtocolException or QpackException)
            {
                refused++;
            }
        }

        Assert.IsGreaterThanOrEqualTo(Rounds / 10, whole);
        Assert.IsGreaterThan(Rounds / 4, refused);
    }

    [TestMethod]
    public void ControlStreamReader_DamagedStreams_AreTakenOrRefused()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int whole = 0;
        for (int i = 0; i < Rounds; i++)
        {
            bool isDamaged = i % 10 != 0;
            byte[] bytes = isDamaged ? Damage(Control, random) : Control;
            int goAways = 0;
            var reader = new ControlStreamReader(static _ => { }, _ => goAways++);
            try
            {
                var buffer = new ReadOnlySequence<byte>(bytes);
                for (int end = 0; end <= bytes.Length; end += random.Next(1, 8))
                {
                    ReadOnlySequence<byte> piece = buffer.Slice(0, Math.Max(0, Math.Min(buffer.Length, end - (bytes.Length - buffer.Length))));
                    long before = piece.Length;
                    reader.Read(ref piece);
                    buffer = buffer.Slice(before - piece.Length);
                }

                reader.Read(ref buffer);
                whole += goAways == 2 ? 1 : 0;
            }
            catch (Http3ProtocolException exception)
            {
                Assert.IsTrue(isDamaged, exception.Message);
                Assert.IsTrue(exception.EndsConnection);
            }
        }

        Assert.IsGreaterThanOrEqualTo(Rounds / 10, whole);
    }

    // As a stream does: what is not consumed is offered again with more behind it.
    private static bool ReadInPieces(byte[] bytes, Random random)
    {
        using var decoder = new QpackDecoder(0, 0, static _ => { });
        var request = new HttpRequestMessage(HttpMethod.Get, "https://localhost/");
        var head = new ResponseHead(null!, request, 64 << 10, 16);
        var reader = new ResponseReader(decoder, 0, head, 64 << 10);
        Span<byte> content = stackalloc byte[5];
        int consumed = 0;
        int available = 0;
        try
        {
            for (int step = 0; step < 10_000; step++)
            {
                var buffer = new ReadOnlySequence<byte>(bytes, consumed, available - consumed);
                ResponseEvent found = reader.Advance(ref buffer, available == bytes.Length, content, out _);
                consumed = available - (int)buffer.Length;
                if (found == ResponseEvent.End)
                {
                    return true;
                }

                if (found == ResponseEvent.NeedMore)
                {
                    Assert.IsLessThan(bytes.Length, available, "more was asked for behind the end");
                    available = Math.Min(bytes.Length, available + random.Next(1, 20));
                }
            }

            Assert.Fail("It never ended.");
            return false;
        }
        finally
        {
            decoder.Release(reader.Section, reader.IsOver);
        }
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        var bytes = new List<byte>(original);
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 10)));
                    break;
                case 2:
                    bytes.InsertRange(at, original.AsSpan(random.Next(original.Length - 5), 5));
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }

            if (bytes.Count == 0)
            {
                bytes.Add(0);
            }
        }

        return [.. bytes];
    }
}
