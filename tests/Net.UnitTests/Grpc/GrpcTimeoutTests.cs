using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Testing;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed partial class GrpcTimeoutTests
{
    [TestMethod]
    [DataRow(0L, "0n")]
    [DataRow(-5L, "0n")]
    [DataRow(1L, "100n")]
    [DataRow(999_999L, "99999900n")]
    [DataRow(1_000_000L, "100000u")]
    [DataRow(10_000_000L, "1000000u")]
    [DataRow(999_999_991L, "100000m")]
    [DataRow(600_000_000_000L, "60000000m")]
    [DataRow(99_999_999L * TimeSpan.TicksPerSecond, "99999999S")]
    [DataRow((99_999_999L * TimeSpan.TicksPerSecond) + 1, "1666667M")]
    [DataRow(99_999_999L * TimeSpan.TicksPerHour, "99999999H")]
    [DataRow(long.MaxValue, "99999999H")]
    public void Format_OfEachSize_TakesTheFinestUnitThatHolds(long ticks, string text) =>
        Assert.AreEqual(text, GrpcTimeout.Format(TimeSpan.FromTicks(ticks)));

    [TestMethod]
    [DataRow("1H", TimeSpan.TicksPerHour)]
    [DataRow("2M", 2 * TimeSpan.TicksPerMinute)]
    [DataRow("3S", 3 * TimeSpan.TicksPerSecond)]
    [DataRow("4m", 4 * TimeSpan.TicksPerMillisecond)]
    [DataRow("5u", 5 * TimeSpan.TicksPerMicrosecond)]
    [DataRow("1n", 1L)]
    [DataRow("101n", 2L)]
    [DataRow("00000001S", TimeSpan.TicksPerSecond)]
    [DataRow("0n", 0L)]
    [DataRow("99999999H", 99_999_999L * TimeSpan.TicksPerHour)]
    public void TryParse_EachUnit_IsRead(string text, long ticks)
    {
        Assert.IsTrue(GrpcTimeout.TryParse(text, out TimeSpan timeout));
        Assert.AreEqual(ticks, timeout.Ticks);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("S")]
    [DataRow("1")]
    [DataRow("1s")]
    [DataRow("1h")]
    [DataRow("123456789S")]
    [DataRow("-1S")]
    [DataRow("+1S")]
    [DataRow(" 1S")]
    [DataRow("1 S")]
    [DataRow("1S ")]
    [DataRow("1.5S")]
    [DataRow("٣S")]
    public void TryParse_Malformed_IsRefused(string text) => Assert.IsFalse(GrpcTimeout.TryParse(text, out _));

    [TestMethod]
    public void Format_AnyTime_ReadsBackNeverShorterAndNearlyTheSame()
    {
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 20_000; i++)
        {
            long ticks = random.NextInt64(1, 1L << random.Next(1, 62));
            string text = GrpcTimeout.Format(TimeSpan.FromTicks(ticks));

            Assert.IsTrue(GrpcTimeout.TryParse(text, out TimeSpan back), text);
            Assert.IsGreaterThanOrEqualTo(Math.Min(ticks, 99_999_999 * TimeSpan.TicksPerHour), back.Ticks, text);
            Assert.IsLessThanOrEqualTo(ticks + (ticks / 99_000) + 1, back.Ticks, text);
        }
    }

    [TestMethod]
    public void TryParse_AnyText_AgreesWithTheGrammar()
    {
        Random random = TestSeed.TakeRandom();
        const string alphabet = "0123456789HMSmun0123456789 -+.sh";
        for (int i = 0; i < 50_000; i++)
        {
            string text = new(random.GetItems<char>(alphabet, random.Next(12)));
            bool isValid = Grammar().IsMatch(text);

            Assert.AreEqual(isValid, GrpcTimeout.TryParse(text, out TimeSpan timeout), text);
            if (isValid)
            {
                Assert.AreEqual(Oracle(text), timeout.Ticks, text);
            }
        }
    }

    private static BigInteger Oracle(string text)
    {
        BigInteger value = BigInteger.Parse(text[..^1], CultureInfo.InvariantCulture);
        BigInteger nanoseconds = value * text[^1] switch
        {
            'H' => 3_600_000_000_000, 'M' => 60_000_000_000, 'S' => 1_000_000_000, 'm' => 1_000_000, 'u' => 1_000, _ => 1,
        };
        return (nanoseconds + 99) / 100;
    }

    [GeneratedRegex("^[0-9]{1,8}[HMSmun]$(?!\n)")]
    private static partial Regex Grammar();
}
