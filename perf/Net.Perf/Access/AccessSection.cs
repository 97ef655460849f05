using System.Diagnostics;
using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Sections;
using Net.Security;

namespace Net.Perf.Access;

/// <summary>What it costs to know a caller and to look at its rights, for each call, without network.</summary>
internal static class AccessSection
{
    private const int Rounds = 15;

    internal static Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        using var field = new AccessField();
        AccessGate gate = field.CreateGate(remembers: true);
        AccessGate forgetful = field.CreateGate(remembers: false);
        var figures = new FigureTable($"Access control, one thread, {Pinning.Describe()}", ["what", "ns", "bytes allocated"]);
        report.Tables.Add(figures);
        AccessTarget method = AccessTarget.ForGrpc("amaters.aql.AqlService/ExecuteQuery");

        Measure(figures, "let in: certificate", options.Echoes * 20, Enter(gate, field.Certificate, method));
        Measure(figures, "let in: API key, remembered", options.Echoes * 20, Enter(gate, field.Key, method));
        Measure(figures, "let in: token ES256, remembered", options.Echoes * 20, Enter(gate, field.Token("ES256"), method));
        Measure(figures, "let in: API key, checked", options.Echoes * 2, Enter(forgetful, field.Key, method));
        foreach (string algorithm in (string[])["HS256", "RS256", "ES256"])
        {
            Measure(figures, $"let in: token {algorithm}, checked", options.Echoes, Enter(forgetful, field.Token(algorithm), method));
        }

        gate.Enter(field.Certificate, method, null, out AccessCall? call);
        AccessTarget query = AccessTarget.ForQuery(QueryOperation.Get, "users");
        Measure(figures, "a message of a stream: may it go on", options.Echoes * 50, () => call!.Check());
        Measure(figures, "a query: may the caller use the collection", options.Echoes * 50, () => call!.Check(query));
        figures.Notes.Add("\"Let in\" is authentication, rate limits, authorization and the end of the call together: what each call pays. Remembered is the usual case: a credential is checked once in "
            + "AuthenticationOptions.RememberFor. Medians of rounds; a call that is let in allocates its AccessCall.");
        return Task.FromResult(report);
    }

    private static Action Enter(AccessGate gate, CallerCredentials credentials, AccessTarget target) => () =>
    {
        AccessVerdict verdict = gate.Enter(credentials, target, null, out AccessCall? call);
        if (!verdict.IsAllowed)
        {
            throw new InvalidOperationException($"The gate refused what it should let in: {verdict}.");
        }

        call!.Dispose();
    };

    private static void Measure(FigureTable figures, string what, int count, Action work)
    {
        double[] times = new double[Rounds];
        long bytes = 0;
        for (int round = -3; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                work();
            }

            TimeSpan time = Stopwatch.GetElapsedTime(started);
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (round >= 0)
            {
                times[round] = time.TotalNanoseconds / count;
            }
        }

        figures.Add(what, Format.Number(Statistics.Median(times), 0), Format.Number((double)bytes / count, 0));
    }
}
