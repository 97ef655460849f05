using System.Globalization;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>What all tests of the drivers need: the native libraries, and seeds that are printed and can be given back.</summary>
public abstract class DriverTest
{
    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    /// <summary>Ends the test unless the native libraries can be used.</summary>
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    private protected static TimeSpan Milliseconds(double value) => TimeSpan.FromMilliseconds(value);

    private protected static TimeSpan Seconds(double value) => TimeSpan.FromSeconds(value);

    /// <summary>Runs a test for many seeds, or for the one in NET_TEST_SEED alone. A failure names its seed.</summary>
    private protected void ForSeeds(int count, Action<int> test)
    {
        int first;
        if (int.TryParse(Environment.GetEnvironmentVariable(TestSeed.Variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out int given))
        {
            first = given;
            count = 1;
        }
        else
        {
            first = Random.Shared.Next(1, int.MaxValue - count);
        }

        TestContext.WriteLine($"seeds {first} to {first + count - 1}");
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                test(seed);
            }
            catch (Exception exception)
            {
                throw new AssertFailedException($"With {TestSeed.Variable}={seed}: {exception}", exception);
            }
        }
    }
}
