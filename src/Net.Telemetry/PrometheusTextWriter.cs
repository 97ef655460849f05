using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Net.Telemetry;

/// <summary>Writes metrics family by family. Not thread-safe.</summary>
internal sealed class PrometheusTextWriter
{
    private const string Counter = "counter";
    private const string Gauge = "gauge";
    private const string Histogram = "histogram";

    // In the order of their first sight, so that the text is the same from one scrape to the next.
    private readonly List<Family> _families = [];
    private readonly Dictionary<string, Family> _byName = [];

    /// <summary>Writes what is known of the process, as one metric with the value 1.</summary>
    internal void WriteTarget(Resource resource)
    {
        var labels = new StringBuilder();
        foreach ((string key, object value) in resource.Attributes)
        {
            PrometheusNames.AppendLabel(labels, key, value);
        }

        if (labels.Length > 0)
        {
            Family family = FindFamily("target_info", Gauge, "What is known of this process.")!;
            AppendSample(family.Samples, "target_info", labels.ToString(), "1");
        }
    }

    /// <summary>Adds a metric. One whose name another has with another type is left out, as Prometheus would refuse the whole text.</summary>
    internal void Add(Metric metric)
    {
        (string type, bool isMonotonic) = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => (Counter, true),
            MetricType.Histogram or MetricType.ExponentialHistogram => (Histogram, false),
            _ => (Gauge, false),
        };
        string name = PrometheusNames.ToName(metric.Name, metric.Unit, isMonotonic, type == Gauge);
        if (FindFamily(name, type, metric.Description) is not Family family)
        {
            return;
        }

        foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
        {
            string labels = LabelsOf(metric, point);
            switch (metric.MetricType)
            {
                case MetricType.Histogram:
                    AppendHistogram(family.Samples, name, labels, point);
                    break;
                case MetricType.ExponentialHistogram:
                    // The text format has no buckets of this kind; count and sum are true all the same.
                    AppendTotals(family.Samples, name, labels, point);
                    break;
                default:
                    AppendSample(family.Samples, name, labels, ValueOf(metric.MetricType, point));
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (Family family in _families)
        {
            if (family.Samples.Length == 0)
            {
                continue;
            }

            if (family.Help.Length > 0)
            {
                text.Append("# HELP ").Append(family.Name).Append(' ').Append(PrometheusNames.EscapeHelp(family.Help)).Append('\n');
            }

            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(family.Type).Append('\n').Append(family.Samples);
        }

        return text.ToString();
    }

    private Family? FindFamily(string name, string type, string help)
    {
        if (!_byName.TryGetValue(name, out Family? family))
        {
            family = new Family(name, type, help, new StringBuilder());
            _byName.Add(name, family);
            _families.Add(family);
        }

        return family.Type == type ? family : null;
    }

    private static string LabelsOf(Metric metric, in MetricPoint point)
    {
        var labels = new StringBuilder();
        foreach ((string key, object? value) in point.Tags)
        {
            PrometheusNames.AppendLabel(labels, key, value);
        }

        PrometheusNames.AppendLabel(labels, "otel_scope_name", metric.MeterName);
        if (!string.IsNullOrEmpty(metric.MeterVersion))
        {
            PrometheusNames.AppendLabel(labels, "otel_scope_version", metric.MeterVersion);
        }

        return labels.ToString();
    }

    private static string ValueOf(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => ToText(point.GetSumLong()),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => ToText(point.GetSumDouble()),
        MetricType.LongGauge => ToText(point.GetGaugeLastValueLong()),
        _ => ToText(point.GetGaugeLastValueDouble()),
    };

    private static void AppendHistogram(StringBuilder text, string name, string labels, in MetricPoint point)
    {
        long cumulative = 0;
        foreach (HistogramBucket bucket in point.GetHistogramBuckets())
        {
            cumulative += bucket.BucketCount;
            string bound = $"{(labels.Length == 0 ? "" : labels + ",")}le=\"{ToText(bucket.ExplicitBound)}\"";
            AppendSample(text, name + "_bucket", bound, ToText(cumulative));
        }

        AppendTotals(text, name, labels, point);
    }

    private static void AppendTotals(StringBuilder text, string name, string labels, in MetricPoint point)
    {
        AppendSample(text, name + "_sum", labels, ToText(point.GetHistogramSum()));
        AppendSample(text, name + "_count", labels, ToText(point.GetHistogramCount()));
    }

    private static void AppendSample(StringBuilder text, string name, string labels, string value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value).Append('\n');
    }

    private static string ToText(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string ToText(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private sealed record Family(string Name, string Type, string Help, StringBuilder Samples);
}
