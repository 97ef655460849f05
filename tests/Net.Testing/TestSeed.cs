using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <summary>Chance that can be repeated: the seed comes from the environment variable <c>NET_TEST_SEED</c> or is drawn, and is printed into the test's output.</summary>
public static class TestSeed
{
    /// <summary>Name of the environment variable.</summary>
    public const string Variable = "NET_TEST_SEED";

    /// <summary>Takes or draws a seed and prints it.</summary>
    /// <param name="context">Where to print; <c>null</c>: standard output, which the runner keeps with the test.</param>
    /// <param name="test">Name of the test, filled in by the compiler.</param>
    /// <returns>The seed.</returns>
    public static int Take(TestContext? context = null, [CallerMemberName] string test = "")
    {
        string? text = Environment.GetEnvironmentVariable(Variable);
        int seed = int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int given) ? given : Random.Shared.Next();
        string line = string.Create(CultureInfo.InvariantCulture, $"{test}: {Variable}={seed}");
        if (context is null)
        {
            Console.WriteLine(line);
        }
        else
        {
            context.WriteLine(line);
        }

        return seed;
    }

    /// <summary>Takes or draws a seed, prints it, and makes a generator of it.</summary>
    /// <param name="context">Where to print.</param>
    /// <param name="test">Name of the test, filled in by the compiler.</param>
    /// <returns>The generator; use it from one thread at a time.</returns>
    public static Random TakeRandom(TestContext? context = null, [CallerMemberName] string test = "") => new(Take(context, test));
}
