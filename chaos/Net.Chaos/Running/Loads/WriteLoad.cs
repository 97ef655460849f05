using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Net.Aql;
using Net.Chaos.Ledgers;
using Net.Client;
using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Chaos.Running.Loads;

/// <summary>AQL writes of new keys. What a host acknowledged is noted, to be read back in the end.</summary>
internal static class WriteLoad
{
    internal const string Collection = "chaos";

    internal static Task RunAsync(LoadRun run)
    {
        var aql = new AqlClient(run.Client.Grpc);
        return OpenLoop.RunAsync(run.Plan, () => CallAsync(run, aql), run.TimeProvider, run.LoadEnds);
    }

    internal static byte[] KeyOf(UInt128 id)
    {
        var key = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(key, id);
        return key;
    }

    private static async Task CallAsync(LoadRun run, AqlClient aql)
    {
        UInt128 id = run.Ledger.NewId();
        var value = new byte[Math.Max(MessagePattern.HeaderLength, run.Plan.Size)];
        MessagePattern.Fill(value, (ulong)(id >> 64), (ulong)id);
        var set = new SetQuery { Collection = Collection, Key = new Key { Data = ByteString.CopyFrom(KeyOf(id)) }, Value = new CipherBlob { Data = ByteString.CopyFrom(value) } };
        var request = new QueryRequest { Query = new Query { Set = set }, Version = AqlProtocol.CreateVersion() };
        CallTrace trace = TracingHandler.Begin();
        CallRecord record = run.Ledger.Begin(run.Client.Name, run.Plan.Name, run.Plan.IsIdempotent, run.Plan.Deadline, CallDigest.Of(request.ToByteArray()), id);
        CallResult result;
        string detail = "";
        try
        {
            var options = new GrpcCallOptions
            {
                Timeout = run.Plan.Deadline,
                Headers = new GrpcMetadata { { UnaryLoad.IdName, id.ToString("x32", System.Globalization.CultureInfo.InvariantCulture) } },
                Idempotency = run.Plan.IsIdempotent ? Idempotency.Idempotent : Idempotency.NonIdempotent,
            };
            QueryResponse response = await aql.ExecuteQueryAsync(request, options, run.Stop).ConfigureAwait(false);
            result = response.Error is null ? CallResult.Ok : CallResult.Failed;
            detail = response.Error is { } error ? $"{error.Code}: {error.Message}" : "";
            if (result == CallResult.Ok)
            {
                run.Notes.AddWrite(id, SHA256.HashData(value));
            }
        }
        catch (Exception exception) when (exception is GrpcException or TransportException or OperationCanceledException or HttpRequestException)
        {
            result = CallEnds.ResultOf(exception);
            detail = CallEnds.Describe(exception);
        }

        (int attempts, IReadOnlyList<string> hosts) = run.Client.Explain(trace);
        record.End(result, run.Ledger.Now, detail, hosts, attempts);
    }
}
