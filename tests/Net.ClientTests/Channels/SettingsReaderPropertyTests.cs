using System.Globalization;
using Microsoft.Extensions.Configuration;
using Net.Channels;
using Net.Testing;

namespace Net.ClientTests.Channels;

/// <summary>Configuration made at random: values come back, and each wrong or unknown one is told of with its place.</summary>
[TestClass]
public sealed class SettingsReaderPropertyTests
{
    private const int Rounds = 1000;

    private enum Colour
    {
        Red,
        Green,
        DarkBlue,
    }

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Values_Any_ComeBackAndLeaveNoFault()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            int number = random.Next(int.MinValue, int.MaxValue);
            double ratio = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-8, 9));
            bool flag = random.Next(2) == 0;
            TimeSpan time = random.Next(5) == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(random.NextInt64(TimeSpan.TicksPerDay * 20));
            var colour = (Colour)random.Next(3);
            List<string> faults = [];
            SettingsReader reader = Make(faults, new()
            {
                ["n"] = number.ToString(CultureInfo.InvariantCulture),
                ["r"] = ratio.ToString("R", CultureInfo.InvariantCulture),
                ["f"] = AnyCase(flag.ToString(), random),
                ["t"] = time == Timeout.InfiniteTimeSpan ? AnyCase("infinite", random) : time.ToString("c", CultureInfo.InvariantCulture),
                ["c"] = AnyCase(colour.ToString(), random),
            });

            Assert.AreEqual(number, reader.Number("n", 0));
            Assert.AreEqual(ratio, reader.Ratio("r", 0));
            Assert.AreEqual(flag, reader.Flag("f", !flag));
            Assert.AreEqual(time, reader.Time("t", TimeSpan.Zero));
            Assert.AreEqual(colour, reader.Choice("c", Colour.Red));
            Assert.AreEqual(7, reader.Number("missing", 7));
            reader.RefuseOthers();
            Assert.IsEmpty(faults, string.Join("; ", faults));
        }
    }

    [TestMethod]
    public void Values_AnyText_AreReadAsTheirGrammarSaysOrAreAFault()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds * 5; round++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => "0123456789-+.,: eEdx"[random.Next(20)])]);
            List<string> faults = [];
            SettingsReader reader = Make(faults, new() { ["n"] = text, ["t"] = text, ["c"] = text });

            bool isNumber = text.Trim() is var digits && digits.TrimStart('-', '+') is { Length: > 0 } bare && digits.Length - bare.Length <= 1 && bare.All(char.IsAsciiDigit);
            int read = reader.Number("n", int.MinValue);
            Assert.AreEqual(isNumber ? int.Parse(text, CultureInfo.InvariantCulture) : int.MinValue, read, $"'{text}'");
            Assert.HasCount(isNumber ? 0 : 1, faults, $"'{text}'");

            faults.Clear();
            TimeSpan time = reader.Time("t", TimeSpan.MinValue);
            Assert.IsTrue(text.Contains(':', StringComparison.Ordinal) || time == TimeSpan.MinValue, $"'{text}' has no colon and was read as {time}");
            Assert.HasCount(time == TimeSpan.MinValue ? 1 : 0, faults, $"'{text}'");

            faults.Clear();
            Assert.AreEqual(Colour.Green, reader.Choice("c", Colour.Green), $"'{text}' is the number of a colour at best, and not its name");
            Assert.HasCount(1, faults, $"'{text}'");
            Assert.StartsWith("Net:c ", faults[0]);
        }
    }

    [TestMethod]
    public void RefuseOthers_AnyKeys_NamesThoseThatNobodyAskedFor()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            string[] keys = [.. Enumerable.Range(0, random.Next(8)).Select(_ => $"key{random.Next(12)}").Distinct()];
            string[] asked = [.. Enumerable.Range(0, random.Next(8)).Select(_ => $"key{random.Next(12)}").Distinct()];
            List<string> faults = [];
            SettingsReader reader = Make(faults, keys.ToDictionary(static k => k, static _ => (string?)"1"));
            foreach (string key in asked)
            {
                reader.Number(AnyCase(key, random), 0);
            }

            reader.RefuseOthers();

            Assert.AreSequenceEqual(keys.Except(asked).Select(static k => $"Net:{k}").Order(), faults.Select(static f => f.Split(' ')[0]).Order());
        }
    }

    private static SettingsReader Make(List<string> faults, Dictionary<string, string?> values) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), "Net", faults);

    private static string AnyCase(string text, Random random) => new([.. text.Select(c => random.Next(2) == 0 ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c))]);
}
