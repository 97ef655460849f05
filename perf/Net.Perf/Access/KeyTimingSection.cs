using System.Diagnostics;
using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Sections;
using Net.Security;

namespace Net.Perf.Access;

/// <summary>Whether the time of a refusal tells an API key that exists from one that does not: Welch's t-test over pairs taken in random order, as leakage assessments do it.</summary>
internal static class KeyTimingSection
{
    private const int Pairs = 100_000;
    private const double Limit = 4.5;

    // What is above this percentile is the scheduler's doing, on either side.
    private const double Crop = 0.95;

    internal static Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        using var field = new AccessField();
        var authenticator = new Authenticator(field.CreateOptions(remembers: false), TimeProvider.System);
        var figures = new FigureTable($"Refusal of an API key, {Pinning.Describe()}", ["what", "ns, mean of A", "ns, mean of B", "|t|", "verdict"]);
        report.Tables.Add(figures);

        // Two tries of each kind alike, to see what the machine makes of nothing.
        Compare(figures, "A: unknown ids, B: other unknown ids (A/A)", authenticator, AccessField.MakeUnknownKeys(), AccessField.MakeUnknownKeys());
        Compare(figures, "A: unknown ids, B: wrong secrets of ids that exist", authenticator, AccessField.MakeUnknownKeys(), field.MakeWrongSecrets());
        figures.Notes.Add($"{Pairs:N0} pairs, the two of each in random order, of 256 keys on each side by chance; the means of the keys are compared; samples above percentile {Crop * 100:N0} of all are left out. |t| below {Limit}: no difference is found. "
            + "When the A/A row is above it, something else ran: run again.");
        return Task.FromResult(report);
    }

    private static void Compare(FigureTable figures, string what, Authenticator authenticator, CallerCredentials[] a, CallerCredentials[] b)
    {
        var random = new Random(20260101);
        long[] timesA = new long[Pairs];
        long[] timesB = new long[Pairs];
        int[] keys = new int[Pairs];
        for (int i = -20_000; i < Pairs; i++)
        {
            bool isAFirst = random.Next(2) == 0;
            int which = random.Next(a.Length);
            long first = Time(authenticator, (isAFirst ? a : b)[which]);
            long second = Time(authenticator, (isAFirst ? b : a)[which]);
            if (i >= 0)
            {
                keys[i] = which;
                timesA[i] = isAFirst ? first : second;
                timesB[i] = isAFirst ? second : first;
            }
        }

        long[] all = [.. timesA, .. timesB];
        all.AsSpan().Sort();
        long crop = all[(int)(all.Length * Crop)];
        (double meanA, double varianceA, int countA) = Describe(timesA, keys, crop);
        (double meanB, double varianceB, int countB) = Describe(timesB, keys, crop);
        double t = Math.Abs(meanA - meanB) / Math.Sqrt((varianceA / countA) + (varianceB / countB));
        figures.Add(what, Format.Number(meanA), Format.Number(meanB), Format.Number(t, 2), t < Limit ? "no difference" : "DIFFERENT");
    }

    private static long Time(Authenticator authenticator, in CallerCredentials credentials)
    {
        long started = Stopwatch.GetTimestamp();
        AuthenticationResult result = authenticator.Authenticate(credentials);
        long time = Stopwatch.GetTimestamp() - started;
        return result.Failure == AuthenticationFailure.UnknownApiKey ? time : throw new InvalidOperationException($"The refusal was {result.Failure}.");
    }

    // The keys are the sample, not the tries: where a key lies in a table makes all its tries a little faster or slower than another's.
    private static (double Mean, double Variance, int Count) Describe(long[] times, int[] keys, long crop)
    {
        double nanoseconds = 1e9 / Stopwatch.Frequency;
        double[] means = [.. times.Zip(keys).Where(one => one.First <= crop).GroupBy(static one => one.Second, one => one.First * nanoseconds).Select(static key => key.Average())];
        double mean = means.Average();
        return (mean, means.Sum(time => (time - mean) * (time - mean)) / (means.Length - 1), means.Length);
    }
}
