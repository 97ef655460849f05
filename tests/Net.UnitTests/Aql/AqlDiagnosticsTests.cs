using System.Diagnostics.Metrics;
using Net.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql;

/// <summary>What the meter tells about queries.</summary>
[TestClass]
public sealed class AqlDiagnosticsTests
{
    [TestMethod]
    public async Task QueryDuration_EachRequest_IsRecordedWithItsKindAndError()
    {
        var recorded = new List<string>();
        var context = new AsyncLocal<bool> { Value = true };
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == AqlDiagnostics.SourceName && instrument.Name == "aql.query.duration")
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            // Other tests ask engines of their own at the same time.
            if (context.Value)
            {
                recorded.Add(string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")));
            }
        });
        listener.Start();
        await using AqlStore store = AqlStore.CreateInMemory();
        var engine = new AqlEngine(store, new ManualTimeProvider());

        await engine.ExecuteQueryAsync(Request(Set("c", "k", "v")));
        await engine.ExecuteQueryAsync(Request(Get("c", "")));
        await engine.ExecuteBatchAsync(Batch());
        await engine.ExecuteStreamAsync(Request(Range("c"))).ToArrayAsync();
        await engine.ExecuteQueryAsync(Request(null));

        Assert.AreEqual(
            "aql.operation=set, aql.operation=get error.type=ValidationInvalidKey, aql.operation=batch, aql.operation=range, aql.operation=none error.type=ProtocolMissingField",
            string.Join(", ", recorded));
    }
}
