using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Net.Telemetry;

/// <summary>Makes the OpenTelemetry SDK listen to the signals of Net.</summary>
public static class NetInstrumentationExtensions
{
    /// <summary>Names of the trace sources and meters of Net: <c>Net.Transport</c>, <c>Net.Client</c>, <c>Net.Server</c>, <c>Net.Http3</c>, <c>Net.Grpc</c>, <c>Net.Aql</c>, <c>Net.Security</c>.</summary>
    public static IReadOnlyList<string> SourceNames { get; } = [TransportDiagnostics.SourceName, "Net.Client", "Net.Server", "Net.Http3", "Net.Grpc", "Net.Aql", "Net.Security"];

    /// <summary>Records the spans of Net: connect, handshake, stream, request and call, on both sides.</summary>
    /// <param name="builder">The SDK's builder.</param>
    /// <returns>The builder.</returns>
    public static TracerProviderBuilder AddNetInstrumentation(this TracerProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSource([.. SourceNames]);
    }

    /// <summary>Records the metrics of Net: connections, handshakes, streams, requests, calls and the AQL store.</summary>
    /// <param name="builder">The SDK's builder.</param>
    /// <returns>The builder.</returns>
    public static MeterProviderBuilder AddNetInstrumentation(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter([.. SourceNames]);
    }

    /// <summary>Makes the metrics of a meter provider readable as Prometheus text.</summary>
    /// <param name="builder">The SDK's builder.</param>
    /// <param name="text">Where they can be read once the provider is built; the provider owns it from then on.</param>
    /// <returns>The builder.</returns>
    public static MeterProviderBuilder AddPrometheusText(this MeterProviderBuilder builder, PrometheusText text)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(text);
        return builder.AddReader(text.Reader);
    }
}
