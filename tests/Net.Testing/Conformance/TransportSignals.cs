using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Net.Testing;

/// <summary>Listens to the spans and instruments of one engine while it lives.</summary>
/// <remarks>Sources and meters belong to the whole process: signals of other engines are left out, those of other tests of the same engine cannot be.</remarks>
public sealed class TransportSignals : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _engine;
    private readonly ActivityListener _activities;
    private readonly MeterListener _meters;
    private readonly List<(Activity Span, Dictionary<string, object?> Tags)> _spans = [];
    private readonly List<(string Instrument, double Value, Dictionary<string, object?> Tags)> _measurements = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins to listen.</summary>
    /// <param name="engine">Name of the engine.</param>
    public TransportSignals(string engine)
    {
        _engine = engine;
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TransportDiagnostics.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Note,
        };
        ActivitySource.AddActivityListener(_activities);
        _meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == TransportDiagnostics.SourceName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        _meters.Start();
    }

    /// <summary>Stops listening.</summary>
    public void Dispose()
    {
        _activities.Dispose();
        _meters.Dispose();
    }

    /// <summary>Waits for a span.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tags">Tags that it has, beside others.</param>
    /// <returns>Its tags and the span itself.</returns>
    public async Task<(Activity Span, IReadOnlyDictionary<string, object?> Tags)> WaitForSpanAsync(string name, params (string Key, object? Value)[] tags)
    {
        (Activity Span, Dictionary<string, object?> Tags) found = default;
        await WaitUntilAsync(
            () =>
            {
                found = _spans.FirstOrDefault(s => s.Span.OperationName == name && Matches(s.Tags, tags));
                return found.Span is not null;
            },
            $"the span {name} with {string.Join(", ", tags)}").ConfigureAwait(false);
        return found;
    }

    /// <summary>Waits until the sum of an instrument's measurements has a value.</summary>
    /// <param name="instrument">Its name.</param>
    /// <param name="expected">The sum.</param>
    /// <param name="tags">Counts only measurements with these tags.</param>
    /// <returns>A task.</returns>
    public Task WaitForSumAsync(string instrument, double expected, params (string Key, object? Value)[] tags) => WaitUntilAsync(
        () => Matching(instrument, tags).Sum() == expected,
        $"the sum {expected} of {instrument} with {string.Join(", ", tags)}");

    /// <summary>Waits until an instrument was used.</summary>
    /// <param name="instrument">Its name.</param>
    /// <param name="tags">Counts only measurements with these tags.</param>
    /// <returns>A task.</returns>
    public Task WaitForMeasurementAsync(string instrument, params (string Key, object? Value)[] tags) => WaitUntilAsync(
        () => Matching(instrument, tags).Any(),
        $"a measurement of {instrument} with {string.Join(", ", tags)}");

    private IEnumerable<double> Matching(string instrument, (string Key, object? Value)[] tags) =>
        _measurements.Where(m => m.Instrument == instrument && Matches(m.Tags, tags)).Select(m => m.Value);

    private static bool Matches(Dictionary<string, object?> has, (string Key, object? Value)[] wanted) =>
        wanted.All(w => has.TryGetValue(w.Key, out object? value) && Equals(value, w.Value));

    private async Task WaitUntilAsync(Func<bool> isTrue, string what)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (isTrue())
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WithTimeout(awaited: what).ConfigureAwait(false);
        }
    }

    private void Note(Activity span)
    {
        Dictionary<string, object?> tags = span.TagObjects.ToDictionary(t => t.Key, t => t.Value);
        if (Equals(tags.GetValueOrDefault("transport.engine"), _engine))
        {
            lock (_gate)
            {
                _spans.Add((span, tags));
                Change_NeedsLock();
            }
        }
    }

    private void Note(string instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tagSpan)
    {
        var tags = new Dictionary<string, object?>();
        foreach (KeyValuePair<string, object?> tag in tagSpan)
        {
            tags[tag.Key] = tag.Value;
        }

        if (Equals(tags.GetValueOrDefault("transport.engine"), _engine))
        {
            lock (_gate)
            {
                _measurements.Add((instrument, value, tags));
                Change_NeedsLock();
            }
        }
    }

    private void Change_NeedsLock()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
