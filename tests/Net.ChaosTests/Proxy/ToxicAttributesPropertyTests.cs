using System.Buffers;
using System.Text;
using System.Text.Json;
using Net.Chaos.Proxy;
using Net.Testing;

namespace Net.ChaosTests.Proxy;

/// <summary>Attributes of toxics as JSON made at random: what is written is read, and each fault is told, however many there are.</summary>
[TestClass]
public sealed class ToxicAttributesPropertyTests
{
    private const int Rounds = 5000;

    private static readonly ToxicAttribute[] Specs =
    [
        ToxicAttribute.Whole("whole", "", 7, -5, 1000), ToxicAttribute.Number("number", "", 0.5, 0, 2), ToxicAttribute.Text("text", "", "none"),
        ToxicAttribute.Text("choice", "", "a", "a", "b", "c"), ToxicAttribute.Flag("flag", "", true), ToxicAttribute.Whole("quiet", "", 3).Quietly(),
    ];

    private static readonly (string Name, string[] Values)[] Wrong =
    [
        ("whole", ["1001", "-6", "1.5", "\"1\"", "true", "[]", "{}", "1e300"]), ("number", ["2.01", "-1", "\"1\"", "false", "[1]"]), ("text", ["true", "[]", "{}"]),
        ("choice", ["\"d\"", "\"A\"", "1", "\"\"", "false"]), ("flag", ["2", "-1", "\"true\"", "0.5", "{}"]), ("other", ["1"]),
    ];

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void With_AnyValues_AreReadAndWrittenAsTheyWere()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            long whole = random.Next(-5, 1001);
            double number = random.NextDouble() * 2;
            string text = new([.. Enumerable.Range(0, random.Next(10)).Select(_ => "ab\"\\\n\u00fc0"[random.Next(7)])]);
            string choice = new[] { "a", "b", "c" }[random.Next(3)];
            bool flag = random.Next(2) == 0;
            string json = $$"""{"{{AnyCase("whole", random)}}":{{whole}},"number":{{JsonSerializer.Serialize(number)}},"{{AnyCase("text", random)}}":{{JsonSerializer.Serialize(text)}},"choice":"{{choice}}","flag":{{(flag ? "true" : "false")}},"quiet":null}""";

            ToxicAttributes read = Read(json);
            ToxicAttributes again = Read(Write(read));

            foreach (ToxicAttributes attributes in (ToxicAttributes[])[read, again])
            {
                Assert.AreEqual((whole, number, text, choice, flag, 3L), (attributes.Whole("whole"), attributes.Number("number"), attributes.Text("text"), attributes.Text("choice"), attributes.Flag("flag"), attributes.Whole("quiet")), json);
            }
        }
    }

    [TestMethod]
    public void With_AnyFaults_AreAllTold()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            List<string> members = [];
            List<string> named = [];
            foreach ((string name, string[] values) in Wrong)
            {
                if (random.Next(3) != 0)
                {
                    members.Add($"\"{name}\":{values[random.Next(values.Length)]}");
                    named.Add(name);
                }
            }

            string json = "{" + string.Join(',', members) + "}";
            if (named.Count == 0)
            {
                Assert.AreEqual(7, Read(json).Whole("whole"));
                continue;
            }

            ChaosException exception = Assert.ThrowsExactly<ChaosException>(() => Read(json), json);

            Assert.AreEqual(ChaosError.BadRequest, exception.Error);
            string[] told = exception.Message.Split("; ");
            Assert.IsTrue(named.TrueForAll(name => told.Any(fault => fault.Contains(name, StringComparison.Ordinal))), $"{json}: {exception.Message}");
        }
    }

    private static ToxicAttributes Read(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return new ToxicAttributes(Specs).With(document.RootElement, ignoresUnknown: false);
    }

    private static string Write(ToxicAttributes attributes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            attributes.Write(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string AnyCase(string name, Random random) => random.Next(2) == 0 ? name : name.ToUpperInvariant();
}
