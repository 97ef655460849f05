using System.Buffers;
using Net.Http3;
using Net.Testing;

namespace Net.UnitTests.Http3;

/// <summary>Control streams made at random and cut anywhere: what was put in comes out, and each fault has its code (RFC 9114, sections 6.2.1, 7.2 and 8.1).</summary>
[TestClass]
public sealed class ControlStreamPropertyTests
{
    private const int Rounds = 5000;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Read_AnyRightStream_GivesItsSettingsAndEachGoAway()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] stream = MakeRight(random, out PeerSettings expected, out List<long> goAways);
            var outcome = Outcome.Of(stream, random);

            Assert.IsNull(outcome.Code, $"round {round}: {Convert.ToHexString(stream)}");
            Assert.AreEqual(expected, outcome.Settings, $"round {round}");
            Assert.AreSequenceEqual(goAways, outcome.GoAways, $"round {round}");
        }
    }

    [TestMethod]
    public void Read_AnyStreamWithOneFault_EndsWithItsCodeWhereverItIsCut()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] right = MakeRight(random, out _, out List<long> goAways);
            (byte[] fault, Http3ErrorCode code) = MakeFault(random, goAways);
            var outcome = Outcome.Of([.. right, .. fault, .. FrameBytes.Frame(0x07, [0])], random);

            Assert.AreEqual(code, outcome.Code, $"round {round}: {Convert.ToHexString(fault)} after {Convert.ToHexString(right)}");
            Assert.AreSequenceEqual(goAways, outcome.GoAways, "What came before the fault counts, and nothing behind it.");
        }
    }

    [TestMethod]
    public void Read_AnySettingsWithOneFault_EndWithItsCode()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            List<(long Id, long Value)> settings = MakeSettings(random, out _);
            // One of HTTP/2's, one that is no switch, or one that is there already.
            (long Id, long Value) wrong = random.Next(3) switch
            {
                0 => (random.Next(2) == 0 ? 0 : random.Next(2, 6), AnyInteger(random)),
                1 => (random.Next(2) == 0 ? 0x08 : 0x33, random.NextInt64(2, VariableLengthInteger.MaxValue)),
                _ => settings.Count > 0 ? settings[random.Next(settings.Count)] : (0, 0),
            };
            settings.Insert(random.Next(settings.Count + 1), wrong);

            Assert.AreEqual(Http3ErrorCode.SettingsError, Outcome.Of(FrameBytes.Settings([.. settings]), random).Code, string.Join(' ', settings));

            byte[] unknown = [.. FrameBytes.Integer(0x21 + (0x1f * (long)random.Next(1000))), .. FrameBytes.Integer(AnyInteger(random))];
            byte[] cut = unknown[..random.Next(1, unknown.Length)];
            Assert.AreEqual(Http3ErrorCode.FrameError, Outcome.Of(FrameBytes.Frame(0x04, cut), random).Code, Convert.ToHexString(cut));
        }
    }

    private static byte[] MakeRight(Random random, out PeerSettings expected, out List<long> goAways)
    {
        List<byte> bytes = [.. FrameBytes.Settings([.. MakeSettings(random, out expected)])];
        goAways = [];
        long last = random.Next(3) == 0 ? VariableLengthInteger.MaxValue : 4 * random.NextInt64(VariableLengthInteger.MaxValue / 4);
        for (int i = random.Next(6); i > 0; i--)
        {
            if (random.Next(2) == 0)
            {
                byte[] payload = new byte[random.Next(40)];
                random.NextBytes(payload);
                bytes.AddRange(FrameBytes.Frame(UnknownType(random), payload));
            }
            else
            {
                bytes.AddRange(FrameBytes.Frame(0x07, FrameBytes.Integer(last)));
                goAways.Add(last);
                last = random.Next(3) == 0 ? last : 4 * random.NextInt64((last / 4) + 1);
            }
        }

        return [.. bytes];
    }

    private static List<(long Id, long Value)> MakeSettings(Random random, out PeerSettings expected)
    {
        expected = new PeerSettings();
        List<(long Id, long Value)> settings = [];
        foreach (long id in (long[])[0x01, 0x06, 0x07, 0x08, 0x33, 0x21 + (0x1f * random.NextInt64(1000)), 0x4000_0000L + random.Next()])
        {
            if (random.Next(2) == 0)
            {
                long value = id is 0x08 or 0x33 ? random.Next(2) : AnyInteger(random);
                settings.Insert(random.Next(settings.Count + 1), (id, value));
                expected = id switch
                {
                    0x01 => expected with { QpackTableCapacity = value },
                    0x06 => expected with { MaxFieldSectionSize = value },
                    0x07 => expected with { QpackBlockedStreams = value },
                    _ => expected,
                };
            }
        }

        return settings;
    }

    private static (byte[] Bytes, Http3ErrorCode Code) MakeFault(Random random, List<long> goAways)
    {
        long last = goAways.Count > 0 ? goAways[^1] : VariableLengthInteger.MaxValue;
        switch (random.Next(6))
        {
            case 0:
                return (FrameBytes.Settings(), Http3ErrorCode.FrameUnexpected);
            case 1:
                long[] forbidden = [0x00, 0x01, 0x05, 0x0d, 0x02, 0x06, 0x08, 0x09, 0xf0700, 0xf0701];
                return (FrameBytes.Frame(forbidden[random.Next(forbidden.Length)], new byte[random.Next(20)]), Http3ErrorCode.FrameUnexpected);
            case 2:
                return (FrameBytes.Frame(0x03, FrameBytes.Integer(AnyInteger(random))), Http3ErrorCode.IdError);
            case 3 when last < VariableLengthInteger.MaxValue - 4:
                return (FrameBytes.Frame(0x07, FrameBytes.Integer(last + 4)), Http3ErrorCode.IdError);
            case 4:
                long id = (4 * random.NextInt64(1 + (last / 4))) + random.Next(1, 4);
                return (FrameBytes.Frame(0x07, FrameBytes.Integer(Math.Min(id, VariableLengthInteger.MaxValue - 1))), Http3ErrorCode.IdError);
            default:
                byte[] payload = random.Next(2) == 0 ? [] : [.. FrameBytes.Integer(0), .. new byte[random.Next(1, 20)]];
                return (FrameBytes.Frame(random.Next(2) == 0 ? 0x07 : 0x03, payload), Http3ErrorCode.FrameError);
        }
    }

    private static long UnknownType(Random random) => random.Next(3) == 0 ? 0x4000 + random.NextInt64(0xa0000) : 0x21 + (0x1f * random.NextInt64(1L << 50));

    private static long AnyInteger(Random random) => random.NextInt64(1L << random.Next(1, 62));

    /// <summary>What a reader made of a stream that came in pieces.</summary>
    private sealed class Outcome
    {
        internal PeerSettings? Settings { get; private set; }

        internal List<long> GoAways { get; } = [];

        internal Http3ErrorCode? Code { get; private set; }

        internal static Outcome Of(byte[] bytes, Random random)
        {
            var outcome = new Outcome();
            var reader = new ControlStreamReader(
                settings =>
                {
                    Assert.IsNull(outcome.Settings);
                    outcome.Settings = settings;
                },
                outcome.GoAways.Add);
            try
            {
                // As a stream does: what is not consumed is offered again with more behind it.
                int consumed = 0;
                for (int available = 0; available < bytes.Length;)
                {
                    available = Math.Min(bytes.Length, available + random.Next(1, 12));
                    var buffer = new ReadOnlySequence<byte>(bytes, consumed, available - consumed);
                    reader.Read(ref buffer);
                    consumed = available - (int)buffer.Length;
                }

                Assert.AreEqual(bytes.Length, consumed, "Bytes of whole frames were left.");
            }
            catch (Http3ProtocolException exception)
            {
                Assert.IsTrue(exception.EndsConnection);
                outcome.Code = exception.Code;
            }

            return outcome;
        }
    }
}
