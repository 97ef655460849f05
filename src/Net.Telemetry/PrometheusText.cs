using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Net.Telemetry;

/// <summary>Gives the metrics of a meter provider as Prometheus reads them (text exposition format 0.0.4), for an end point that the application offers.</summary>
/// <remarks>
/// Names and units follow OpenTelemetry's rules for Prometheus: <c>http.server.request.duration</c> in <c>s</c> becomes <c>http_server_request_duration_seconds</c>, a monotonic sum ends in <c>_total</c>,
/// and <c>otel_scope_name</c> tells the meter. Values are cumulative from the start of the process. Thread-safe; the meter provider disposes it.
/// </remarks>
#pragma warning disable CA1001 // The meter provider disposes the reader, and with it the exporter.
public sealed class PrometheusText
#pragma warning restore CA1001
{
    /// <summary>The content type of what <see cref="Collect"/> returns.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _lock = new();
    private readonly TextExporter _exporter;

    /// <summary>Makes one that no meter provider knows yet; see <see cref="NetInstrumentationExtensions.AddPrometheusText"/>.</summary>
    public PrometheusText()
    {
        _exporter = new TextExporter();
        Reader = new BaseExportingMetricReader(_exporter);
    }

    internal MetricReader Reader { get; }

    /// <summary>Asks all instruments for their values now.</summary>
    /// <param name="timeout">How long asking may take. Default 5 s; range above 0 to 10 min.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of range.</exception>
    /// <exception cref="InvalidOperationException">No meter provider was built with it, the provider is disposed, or the time was not enough.</exception>
    public string Collect(TimeSpan? timeout = null)
    {
        TimeSpan limit = timeout ?? TimeSpan.FromSeconds(5);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(timeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, TimeSpan.FromMinutes(10), nameof(timeout));
        lock (_lock)
        {
            _exporter.Text = null;
            if (_exporter.ParentProvider is null || _exporter.Collect?.Invoke((int)Math.Ceiling(limit.TotalMilliseconds)) != true || _exporter.Text is not string text)
            {
                throw new InvalidOperationException(
                    $"The metrics could not be collected within {limit.TotalSeconds:0.###} s: build a meter provider with AddPrometheusText first, and keep it until the last call.");
            }

            return text;
        }
    }

    [ExportModes(ExportModes.Pull)]
    private sealed class TextExporter : BaseExporter<Metric>, IPullMetricExporter
    {
        // The reader puts the way to ask it here; asked directly, it refuses.
        public Func<int, bool>? Collect { get; set; }

        internal string? Text { get; set; }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            var writer = new PrometheusTextWriter();
            writer.WriteTarget(ParentProvider.GetResource());
            foreach (Metric metric in batch)
            {
                writer.Add(metric);
            }

            Text = writer.ToString();
            return ExportResult.Success;
        }
    }
}
