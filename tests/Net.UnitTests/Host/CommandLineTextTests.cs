using System.Globalization;
using Net.Hosting.CommandLine;
using Net.Testing;

namespace Net.UnitTests.Host;

/// <summary>Sizes and lengths of time as people write them, with texts made out of a seed: read as they are meant, or refused, and never an exception.</summary>
[TestClass]
public sealed class CommandLineTextTests
{
    private const string Characters = "0123456789.,-+ kKmMsh\u221eNaInfity\u0660";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void SizeText_AnyNumberAndUnit_IsTheirProduct()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 10_000; i++)
        {
            (string suffix, int unit) = random.Next(3) switch { 0 => ("", 1), 1 => ("k", 1 << 10), _ => ("M", 1 << 20) };
            long number = random.NextInt64(1L << random.Next(1, 34));
            bool fits = number * unit <= int.MaxValue;
            Assert.AreEqual(fits, SizeText.TryParse($"{number}{suffix}", out int size), $"{number}{suffix}");
            Assert.AreEqual(fits ? number * unit : 0, size);
        }
    }

    [TestMethod]
    public void DurationText_AnyNumberAndUnit_IsTheirProduct()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 10_000; i++)
        {
            (string suffix, double seconds) = random.Next(5) switch { 0 => ("ms", 0.001), 1 => ("s", 1), 2 => ("m", 60), 3 => ("h", 3600), _ => ("", 1.0) };
            double number = Math.Round(random.NextDouble() * Math.Pow(10, random.Next(0, 9)), 3);
            string text = number.ToString("0.###", CultureInfo.InvariantCulture) + suffix;
            bool fits = number * seconds <= TimeSpan.FromDays(30).TotalSeconds;
            Assert.AreEqual(fits, DurationText.TryParse(text, out TimeSpan duration), text);
            Assert.AreEqual(fits ? number * seconds : 0, duration.TotalSeconds, 0.000_001 * Math.Max(1, number * seconds), text);
        }
    }

    [TestMethod]
    public void Texts_OfAnything_AreReadOrRefused()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        IEnumerable<string> texts = Enumerable.Range(0, 20_000)
            .Select(_ => new string(random.GetItems<char>(Characters, random.Next(0, 8))))
            .Concat(["NaN", "-NaN", "Infinity", "-Infinity", "\u221e", "-\u221e", "NaNs", "Infinityms", "1e5", "-1", "(1)", " 1", "1 ", "0x10"]);
        foreach (string text in texts)
        {
            if (DurationText.TryParse(text, out TimeSpan duration))
            {
                Assert.IsTrue(duration >= TimeSpan.Zero && duration <= TimeSpan.FromDays(30), $"'{text}' is {duration}");
                Assert.IsTrue(char.IsAsciiDigit(text[0]) || text[0] == '.', text);
            }

            if (SizeText.TryParse(text, out int size))
            {
                Assert.IsGreaterThanOrEqualTo(0, size, text);
                Assert.IsTrue(char.IsAsciiDigit(text[0]), text);
            }
        }
    }
}
