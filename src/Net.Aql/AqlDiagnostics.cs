using System.Diagnostics.Metrics;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>The meter of AQL. Costs nothing while nobody listens.</summary>
/// <remarks>
/// Instrument: <c>aql.query.duration</c> s, with <c>aql.operation</c> (get, set, delete, filter, update, range, batch or none)
/// and <c>error.type</c>, the name of the error, when there was one.
/// </remarks>
public static class AqlDiagnostics
{
    /// <summary>Name of the meter.</summary>
    public const string SourceName = "Net.Aql";

    private static readonly Meter Meter = new(SourceName);
    private static readonly Histogram<double> QueryDuration = Meter.CreateHistogram<double>("aql.query.duration", "s", "Time from a query's arrival to its answer.");

    internal static void Record(string operation, ErrorResponse? error, long start, TimeProvider timeProvider)
    {
        if (!QueryDuration.Enabled)
        {
            return;
        }

        var tag = new KeyValuePair<string, object?>("aql.operation", operation);
        double seconds = timeProvider.GetElapsedTime(start).TotalSeconds;
        if (error is null)
        {
            QueryDuration.Record(seconds, tag);
        }
        else
        {
            QueryDuration.Record(seconds, tag, new KeyValuePair<string, object?>("error.type", error.Code.ToString()));
        }
    }
}
