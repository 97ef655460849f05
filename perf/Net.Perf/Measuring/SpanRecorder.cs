using System.Diagnostics;

namespace Net.Perf.Measuring;

/// <summary>Records this library's spans with all their tags and forgets each when it ends, as long as it is switched on.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private ActivityListener? _listener;
    private long _count;

    /// <summary>Spans that have ended so far.</summary>
    internal long Count => Interlocked.Read(ref _count);

    /// <summary>Switches it on or off. Spans that run meanwhile may be counted or not.</summary>
    internal void Switch(bool isOn)
    {
        _listener?.Dispose();
        _listener = null;
        if (isOn)
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = static source => source.Name.StartsWith("Net.", StringComparison.Ordinal),
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _ => Interlocked.Increment(ref _count),
            };
            ActivitySource.AddActivityListener(_listener);
        }
    }

    public void Dispose() => Switch(isOn: false);
}
