using Net.Hosting.CommandLine;
using Net.Hosting.Serving;

namespace Net.Hosting.Admin;

/// <summary>What <c>/health</c> answers.</summary>
internal sealed record HealthReport
{
    internal const string Serving = "serving";
    internal const string Draining = "draining";

    /// <summary><c>serving</c>, or <c>draining</c> once the server was told to stop; readers take anything else for not healthy.</summary>
    public required string Status { get; init; }

    public required string Version { get; init; }

    /// <summary>The QUIC engine; absent when none runs and only TCP is served.</summary>
    public string? Engine { get; init; }

    public required double UptimeSeconds { get; init; }

    public required int CallsInFlight { get; init; }

    public required int StreamsInFlight { get; init; }

    internal static HealthReport From(ServeScope scope) => new()
    {
        Status = scope.Activity.IsDraining ? Draining : Serving,
        Version = VersionCommand.ProductVersion,
        Engine = scope.Engine?.Name,
        UptimeSeconds = Math.Round(scope.Activity.Uptime.TotalSeconds, 3),
        CallsInFlight = scope.Activity.CallsInFlight,
        StreamsInFlight = scope.Activity.StreamsInFlight,
    };
}
