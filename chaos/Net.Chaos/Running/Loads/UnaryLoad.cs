using Google.Protobuf;
using Net.Chaos.Ledgers;
using Net.Client;
using Net.Grpc;
using Net.Protocol.Echo;

namespace Net.Chaos.Running.Loads;

/// <summary>gRPC unary echo. Each payload begins with the id of its call, so that an answer to another call is seen.</summary>
internal static class UnaryLoad
{
    private static readonly GrpcContract Contract = GrpcContract.From(EchoReflection.Descriptor, "EchoService");

    /// <summary>The metadata by which hosts note calls.</summary>
    internal const string IdName = "net-call-id";

    internal static GrpcUnaryMethod<EchoRequest, EchoResponse> Echo { get; } = Contract.Unary<EchoRequest, EchoResponse>("Echo");

    internal static GrpcDuplexMethod<EchoRequest, EchoResponse> EchoStream { get; } = Contract.Duplex<EchoRequest, EchoResponse>("EchoStream");

    internal static Task RunAsync(LoadRun run)
    {
        string filler = new('.', Math.Max(0, run.Plan.Size - 32));
        return OpenLoop.RunAsync(run.Plan, () => CallAsync(run, filler), run.TimeProvider, run.LoadEnds);
    }

    private static async Task CallAsync(LoadRun run, string filler)
    {
        UInt128 id = run.Ledger.NewId();
        string name = id.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
        var request = new EchoRequest { Payload = name + filler, Timestamp = (long)(ulong)id };
        var digest = CallDigest.Of(request.ToByteArray());
        CallTrace trace = TracingHandler.Begin();
        CallRecord record = run.Ledger.Begin(run.Client.Name, run.Plan.Name, run.Plan.IsIdempotent, run.Plan.Deadline, digest, id);
        try
        {
            var options = new GrpcCallOptions
            {
                Timeout = run.Plan.Deadline,
                Headers = new GrpcMetadata { { IdName, name } },
                Idempotency = run.Plan.IsIdempotent ? Idempotency.Idempotent : Idempotency.NonIdempotent,
            };
            EchoResponse response = await run.Client.Grpc.UnaryAsync(Echo, request, options, run.Stop).ConfigureAwait(false);
            bool isRight = response.Payload == request.Payload && response.RequestTimestamp == request.Timestamp;
            End(run, record, trace, isRight ? CallResult.Ok : CallResult.Failed, isRight ? "" : "the answer is not the answer to this call", wrongAnswer: !isRight);
        }
        catch (Exception exception) when (exception is GrpcException or TransportException or OperationCanceledException or HttpRequestException)
        {
            End(run, record, trace, CallEnds.ResultOf(exception), CallEnds.Describe(exception), wrongAnswer: false);
        }
    }

    private static void End(LoadRun run, CallRecord record, CallTrace trace, CallResult result, string detail, bool wrongAnswer)
    {
        (int attempts, IReadOnlyList<string> hosts) = run.Client.Explain(trace);

        // Why a call was sent again is worth knowing where it must not be done twice.
        string again = attempts > 1 ? string.Join("; ", trace.Steps.Where(static s => s.Kind == CallTraceStepKind.Attempt).Select(static s => s.Detail)) : "";
        record.End(result, run.Ledger.Now, detail.Length > 0 ? detail : again, hosts, attempts, wrongAnswer);
    }
}
