using System.Diagnostics.Metrics;
using Net.Hosting.CommandLine;
using Net.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Net.Hosting.Serving;

/// <summary>The OpenTelemetry SDK of the server: metrics for <c>/metrics</c>, and traces and metrics over OTLP when the standard variable names a collector.</summary>
internal sealed class ServeTelemetry : IDisposable
{
    internal const string EndPointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // A collector that does not answer must not hold up the end.
    private const int FlushMilliseconds = 3000;

    private static readonly string[] Meters = ["Net.Grpc", "Net.Aql", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];
    private static readonly string[] Sources = ["Net.Grpc", "Net.Aql", "Microsoft.AspNetCore"];

    // Seconds, from 50 us on: the SDK's own are made for milliseconds.
    private static readonly double[] Buckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly OpenTelemetrySdk _sdk;

    internal ServeTelemetry(Func<string, string?> getVariable)
    {
        IsExporting = getVariable(EndPointVariable) is { Length: > 0 };
        _sdk = OpenTelemetrySdk.Create(builder =>
        {
            // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which the SDK reads itself, go before this.
            builder.ConfigureResource(static resource => resource.Clear()
                .AddService("net", serviceVersion: VersionCommand.ProductVersion).AddTelemetrySdk().AddEnvironmentVariableDetector());
            builder.WithMetrics(metrics =>
            {
                metrics.AddNetInstrumentation().AddMeter(Meters).AddView(ChooseBuckets).AddPrometheusText(Metrics);
                if (IsExporting)
                {
                    metrics.AddOtlpExporter();
                }
            });
            if (IsExporting)
            {
                builder.WithTracing(static tracing => tracing.AddNetInstrumentation().AddSource(Sources).AddOtlpExporter());
            }
        });
    }

    /// <summary>Whether traces and metrics go to a collector.</summary>
    internal bool IsExporting { get; }

    internal PrometheusText Metrics { get; } = new();

    public void Dispose()
    {
        if (IsExporting)
        {
            _sdk.TracerProvider.Shutdown(FlushMilliseconds);
            _sdk.MeterProvider.Shutdown(FlushMilliseconds);
        }

        _sdk.Dispose();
    }

    private static ExplicitBucketHistogramConfiguration? ChooseBuckets(Instrument instrument) =>
        instrument is Histogram<double> { Unit: "s" } && instrument.Meter.Name.StartsWith("Net.", StringComparison.Ordinal)
            ? new ExplicitBucketHistogramConfiguration { Boundaries = Buckets }
            : null;
}
