using System.Globalization;

namespace Net.Grpc;

/// <summary>The text of <c>grpc-timeout</c>: at most eight digits and a unit (gRPC over HTTP/2, "Timeout").</summary>
internal static class GrpcTimeout
{
    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;

    /// <summary>Writes a time with the finest unit that holds it, rounded up, so that the server never gives up before the client does.</summary>
    internal static string Format(TimeSpan timeout)
    {
        long ticks = timeout.Ticks;
        if (ticks <= 0)
        {
            return "0n";
        }

        if (ticks <= MaxValue / TimeSpan.NanosecondsPerTick)
        {
            return Text(ticks * TimeSpan.NanosecondsPerTick, 'n');
        }

        ReadOnlySpan<(long Ticks, char Unit)> units =
        [
            (TimeSpan.TicksPerMicrosecond, 'u'), (TimeSpan.TicksPerMillisecond, 'm'), (TimeSpan.TicksPerSecond, 'S'),
            (TimeSpan.TicksPerMinute, 'M'), (TimeSpan.TicksPerHour, 'H'),
        ];
        foreach ((long length, char unit) in units)
        {
            // Not (ticks + length - 1) / length, which overflows near the end of the range.
            long value = (ticks / length) + (ticks % length == 0 ? 0 : 1);
            if (value <= MaxValue)
            {
                return Text(value, unit);
            }
        }

        // More than 11,000 years: take the longest that can be said.
        return Text(MaxValue, 'H');
    }

    /// <summary>Reads the text. Nanoseconds are rounded up to the 100 ns that a <see cref="TimeSpan"/> counts.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1 ||
            !uint.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out uint value))
        {
            return false;
        }

        long ticksPerUnit = text[^1] switch
        {
            'n' => 0,
            'u' => TimeSpan.TicksPerMicrosecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'S' => TimeSpan.TicksPerSecond,
            'M' => TimeSpan.TicksPerMinute,
            'H' => TimeSpan.TicksPerHour,
            _ => -1,
        };
        if (ticksPerUnit < 0)
        {
            return false;
        }

        long ticks = ticksPerUnit == 0
            ? (value + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick
            : value * ticksPerUnit;
        timeout = TimeSpan.FromTicks(ticks);
        return true;
    }

    private static string Text(long value, char unit) => string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
}
