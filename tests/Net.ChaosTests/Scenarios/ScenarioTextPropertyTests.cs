using System.Globalization;
using System.Text.RegularExpressions;
using Net.Chaos.Judging;
using Net.Chaos.Scenarios;
using Net.Testing;

namespace Net.ChaosTests.Scenarios;

/// <summary>Times, sizes, numbers and limits of scenarios, against their grammar.</summary>
[TestClass]
public sealed partial class ScenarioTextPropertyTests
{
    private const int Rounds = 10_000;

    private static readonly string[] Signs = ["", "<=", ">=", "=", "<", ">", "=>", "=<", "==", "<>", ">>=", "<= <=", "!"];

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TryParse_AnyNumberAndUnit_IsTheirProduct()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            int whole = random.Next(1000);
            string space = new(' ', random.Next(2));
            (string unit, double seconds) = new[] { ("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0) }[random.Next(4)];
            bool isInADay = whole * seconds <= 86_400;
            Assert.AreEqual(isInADay, ScenarioText.TryParseTime($"{whole}{space}{unit}", out TimeSpan time), $"{whole}{unit}");
            Assert.AreEqual(isInADay ? TimeSpan.FromSeconds(whole * seconds) : TimeSpan.Zero, time);

            (string sizeUnit, long factor) = new[] { ("", 1L), ("B", 1L), ("KB", 1L << 10), ("MB", 1L << 20), ("GB", 1L << 30) }[random.Next(5)];
            Assert.IsTrue(ScenarioText.TryParseSize($"{whole}{space}{sizeUnit}".TrimEnd(), out long bytes));
            Assert.AreEqual(whole * factor, bytes);

            double number = Math.Round(random.NextDouble() * 1000, 3);
            string text = number.ToString(CultureInfo.InvariantCulture);
            Assert.IsTrue(ScenarioText.TryParseNumber(text, out double plain) && ScenarioText.TryParseNumber(text + "%", out double percent) && percent == plain / 100, text);
            Assert.AreEqual(number, plain);
        }
    }

    [TestMethod]
    public void TryParse_AnyText_IsTakenAsTheGrammarSays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int taken = 0;
        for (int i = 0; i < Rounds; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => "0123456789.-+,emshKMGB% "[random.Next(24)])]);

            Assert.AreEqual(Number().IsMatch(text), ScenarioText.TryParseNumber(text, out _), $"'{text}' as a number");
            bool isTime = Time().Match(text) is { Success: true } time && ScenarioText.TryParseNumber(time.Groups[1].Value, out double value)
                && value * time.Groups[2].Value switch { "ms" => 0.001, "s" => 1, "m" => 60, _ => 3600 } <= 86_400;
            Assert.AreEqual(isTime, ScenarioText.TryParseTime(text, out _), $"'{text}' as a time");
            taken += isTime ? 1 : 0;
        }

        Assert.IsGreaterThan(Rounds / 100, taken);
    }

    [TestMethod]
    public void Read_AnyLimit_IsTheOneThatStandsThereOrAFault()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds / 10; i++)
        {
            string sign = Signs[random.Next(Signs.Length)];
            (string figure, string limit, double value) = random.Next(3) switch
            {
                0 => ("ejection", $"{random.Next(1, 9)}s", 0.0),
                1 => ("host-memory-growth", $"{random.Next(1, 9)}MB", 0),
                _ => ("success", $"{random.Next(1, 99)}%", 0),
            };
            string digits = limit.TrimEnd('s', 'M', 'B', '%');
            value = double.Parse(digits, CultureInfo.InvariantCulture) * (figure switch { "ejection" => 1, "success" => 0.01, _ => 1 << 20 });
            string text = $"load: [ unary: {{}} ]\nmust: {{ {figure}: \"{sign}{new string(' ', random.Next(2))}{limit}\" }}\n";
            if (sign is not ("" or "<=" or ">=" or "="))
            {
                ScenarioException exception = Assert.ThrowsExactly<ScenarioException>(() => ScenarioReader.Read(text, "x.yaml"), text);
                Assert.Contains("it must be a limit", exception.Message);
                continue;
            }

            Bound bound = ScenarioReader.Read(text, "x.yaml").Bounds.Single();

            Assert.AreEqual(sign.Length == 0 ? "<=" : sign, bound.Comparison, text);
            Assert.AreEqual(value, bound.Value, 1e-9, text);
            Assert.IsTrue(bound.Holds(bound.Value), text);
            Assert.AreEqual(bound.Comparison == "<=", bound.Holds(bound.Value / 2), text);
            Assert.AreEqual(bound.Comparison == ">=", bound.Holds(bound.Value * 2), text);
        }
    }

    [GeneratedRegex(@"\A(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?: *%)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"\A(.*?)\s*(ms|s|m|h)\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Time();
}
