using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Net.Grpc;

/// <summary>The trace source and meter of gRPC calls, with OpenTelemetry's names. Cost nothing while nobody listens.</summary>
/// <remarks>
/// Spans: one of kind client for each call, named by its method; one of kind server for each call served, whose parent is the client's (W3C trace context).
/// Instruments: <c>rpc.client.call.duration</c> and <c>rpc.server.call.duration</c> in s.
/// Tags: <c>rpc.system.name</c> = <c>grpc</c>, <c>rpc.method</c>, <c>rpc.response.status_code</c>, <c>error.type</c>, on a client <c>server.address</c> and <c>server.port</c>.
/// A method that the server does not have is <c>_OTHER</c>, so that a client cannot make up tags.
/// </remarks>
public static class GrpcDiagnostics
{
    /// <summary>Name of the trace source and of the meter.</summary>
    public const string SourceName = "Net.Grpc";

    /// <summary>The name that methods which no service has share.</summary>
    internal const string OtherMethod = "_OTHER";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);
    private static readonly Histogram<double> ClientDuration = Meter.CreateHistogram(
        "rpc.client.call.duration", "s", "Time from the start of a call to its status.", advice: Buckets());

    private static readonly Histogram<double> ServerDuration = Meter.CreateHistogram(
        "rpc.server.call.duration", "s", "Time from the headers of a call to its status.", advice: Buckets());

    internal static bool IsServerMeasured => ServerDuration.Enabled;

    internal static bool IsClientMeasured => ClientDuration.Enabled;

    internal static Activity? StartClient(GrpcMethod method, string host, int port)
    {
        Activity? activity = Source.StartActivity(method.FullName, ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("rpc.system.name", "grpc");
            activity.SetTag("rpc.method", method.FullName);
            activity.SetTag("server.address", host);
            activity.SetTag("server.port", port);
        }

        return activity;
    }

    internal static void EndClient(Activity? activity, GrpcMethod method, string host, int port, TimeSpan duration, GrpcStatus status)
    {
        if (ClientDuration.Enabled)
        {
            TagList tags = Tags(method.FullName, status.Code, status.IsOk);
            tags.Add("server.address", host);
            tags.Add("server.port", port);
            ClientDuration.Record(duration.TotalSeconds, tags);
        }

        End(activity, status, isError: !status.IsOk);
    }

    internal static Activity? StartServer(string method, GrpcServerExchange exchange)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        // A host that traces requests itself has read the caller's context already, and then this span is that one's child.
        ActivityContext parent = default;
        if (Activity.Current is null)
        {
            DistributedContextPropagator.Current.ExtractTraceIdAndState(exchange, ReadHeader, out string? traceParent, out string? traceState);
            _ = ActivityContext.TryParse(traceParent, traceState, isRemote: true, out parent);
        }

        Activity? activity = Source.StartActivity(method, ActivityKind.Server, parent);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("rpc.system.name", "grpc");
            activity.SetTag("rpc.method", method);
            activity.SetTag("network.peer.address", exchange.PeerAddress);
            activity.SetTag("network.peer.port", exchange.PeerPort);
        }

        return activity;
    }

    internal static void EndServer(Activity? activity, string method, TimeSpan duration, GrpcStatus status)
    {
        // OpenTelemetry's rule for servers: a mistake of the caller's is no error of the server's.
        bool isError = status.Code is GrpcStatusCode.Unknown or GrpcStatusCode.DeadlineExceeded or GrpcStatusCode.Unimplemented
            or GrpcStatusCode.Internal or GrpcStatusCode.Unavailable or GrpcStatusCode.DataLoss;
        if (ServerDuration.Enabled)
        {
            ServerDuration.Record(duration.TotalSeconds, Tags(method, status.Code, !isError));
        }

        End(activity, status, isError);
    }

    private static InstrumentAdvice<double> Buckets() => new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    private static TagList Tags(string method, GrpcStatusCode code, bool isGood)
    {
        string name = GrpcStatusNames.NameOf(code);
        var tags = new TagList { { "rpc.system.name", "grpc" }, { "rpc.method", method }, { "rpc.response.status_code", name } };
        if (!isGood)
        {
            tags.Add("error.type", name);
        }

        return tags;
    }

    private static void End(Activity? activity, GrpcStatus status, bool isError)
    {
        if (activity is null)
        {
            return;
        }

        string name = GrpcStatusNames.NameOf(status.Code);
        activity.SetTag("rpc.response.status_code", name);
        if (isError)
        {
            activity.SetTag("error.type", name);
            activity.SetStatus(ActivityStatusCode.Error, status.Message);
        }

        activity.Dispose();
    }

    private static void ReadHeader(object? carrier, string name, out string? value, out IEnumerable<string>? values)
    {
        value = ((GrpcServerExchange)carrier!).GetRequestHeader(name);
        values = null;
    }
}
