using System.Diagnostics;
using System.Text;

namespace Net.UnitTests.RawStreams;

/// <summary>Makes headers out of a seed, within the default limits.</summary>
internal static class RandomHeaders
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
    private static readonly Rune[] RouteRunes = [new('a'), new('Z'), new('/'), new(' '), new('é'), new('語'), new(0x1F600), new(0x10FFFF)];

    internal static RawStreamHeader Make(Random random)
    {
        RawStreamMetadata metadata = RawStreamMetadata.Empty;
        int entries = random.Next(4) == 0 ? random.Next(64) : random.Next(3);
        for (int i = 0; i < entries; i++)
        {
            byte[] value = new byte[random.Next(random.Next(1, 64))];
            random.NextBytes(value);
            metadata = metadata.Add(MakeName(random), value);
        }

        return new RawStreamHeader(MakeRoute(random))
        {
            Idempotency = (Idempotency)random.Next(3),
            Deadline = random.Next(2) == 0 ? null : MakeDeadline(random),
            TraceContext = random.Next(2) == 0 ? default : MakeTrace(random),
            Metadata = metadata,
        };
    }

    private static string MakeRoute(Random random)
    {
        var text = new StringBuilder();
        int size = 0;
        int count = random.Next(1, 64);
        for (int i = 0; i < count; i++)
        {
            Rune rune = RouteRunes[random.Next(RouteRunes.Length)];
            size += rune.Utf8SequenceLength;
            if (size > 255)
            {
                break;
            }

            text.Append(rune);
        }

        return text.ToString();
    }

    private static string MakeName(Random random)
    {
        int length = random.Next(1, random.Next(8) == 0 ? 64 : 12);
        return string.Create(length, random, static (span, source) =>
        {
            foreach (ref char character in span)
            {
                character = NameCharacters[source.Next(NameCharacters.Length)];
            }
        });
    }

    // All magnitudes alike, so that each length of the integer comes up.
    private static TimeSpan MakeDeadline(Random random)
    {
        long limit = 1L << random.Next(1, 41);
        long microseconds = random.NextInt64(Math.Min(limit, RawStreamProtocol.MaxDeadline.Ticks / TimeSpan.TicksPerMicrosecond));
        return TimeSpan.FromMicroseconds(microseconds);
    }

    private static ActivityContext MakeTrace(Random random)
    {
        byte[] id = new byte[16];
        random.NextBytes(id);
        id[0] |= 1;
        string? state = random.Next(2) == 0 ? null : new string('s', random.Next(1, 512));
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(id), ActivitySpanId.CreateFromBytes(id.AsSpan(0, 8)), (ActivityTraceFlags)random.Next(2), state, isRemote: true);
    }
}
