using Net.Perf.Measuring;
using Net.Testing;

namespace Net.UnitTests.Perf;

/// <summary>The line in which a process tells another what it has used.</summary>
[TestClass]
public sealed class ProcessFiguresTests
{
    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Parse_AnyFiguresWritten_AreTheSame()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 5000; i++)
        {
            var figures = new ProcessFigures(Any(random), Any(random), Any(random));

            Assert.AreEqual(figures, ProcessFigures.Parse(figures.ToLine()));
            Assert.AreEqual(default, figures - ProcessFigures.Parse(figures.ToLine()));
        }
    }

    private static long Any(Random random) => random.NextInt64(-(1L << random.Next(62)), 1L << random.Next(62));
}
