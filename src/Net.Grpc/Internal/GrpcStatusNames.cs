namespace Net.Grpc;

/// <summary>The codes' names as gRPC and OpenTelemetry write them.</summary>
internal static class GrpcStatusNames
{
    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    private static readonly string[] Numbers = [.. Enumerable.Range(0, Names.Length).Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture))];

    internal static string NameOf(GrpcStatusCode code) => (uint)code < Names.Length ? Names[(int)code] : "UNKNOWN";

    /// <summary>The text of <c>grpc-status</c>.</summary>
    internal static string NumberOf(GrpcStatusCode code) => (uint)code < Numbers.Length ? Numbers[(int)code] : Numbers[(int)GrpcStatusCode.Unknown];

    /// <summary>Reads <c>grpc-status</c>. A number that is not known, or no number, is UNKNOWN.</summary>
    internal static GrpcStatusCode Parse(string text) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int code) && (uint)code < Names.Length
            ? (GrpcStatusCode)code
            : GrpcStatusCode.Unknown;
}
