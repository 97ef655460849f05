using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Net.Aql;
using Net.Channels;
using Net.Chaos.Running.Hosts;
using Net.Chaos.Running.Loads;
using Net.Client;
using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Chaos.Running;

/// <summary>Reads acknowledged writes back: from each host itself, without proxies, faults and the channels of the run. A host's rows are its own; a write must be at one of them.</summary>
internal static class WriteReader
{
    private const int Lanes = 16;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Reads all of them.</summary>
    /// <returns>How many are there as they were written, and what is missing or changed.</returns>
    internal static async Task<(int Read, IReadOnlyList<string> Lost)> ReadAsync(RunCast cast, IReadOnlyDictionary<UInt128, byte[]> writes, CancellationToken cancellationToken)
    {
        if (writes.Count == 0)
        {
            return (0, []);
        }

        var missing = new ConcurrentDictionary<UInt128, byte[]>(writes);
        var lost = new ConcurrentBag<string>();
        int read = 0;
        foreach (IRunHost host in cast.Hosts)
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            ClientChannel channel = new NetChannelBuilder(host.EndPoint).UseTls(cast.Clients[0].Identity).UseFallback(FallbackPolicy.Exact).AddRetry().Build();
            await using (channel.ConfigureAwait(false))
            {
                using GrpcClient grpc = channel.CreateGrpcClient();
                var options = new ParallelOptions { MaxDegreeOfParallelism = Lanes, CancellationToken = cancellationToken };
                await Parallel.ForEachAsync(missing.ToArray(), options, async (write, token) =>
                {
                    try
                    {
                        if (await GetAsync(grpc, write.Key, token).ConfigureAwait(false) is not { } value)
                        {
                            return;
                        }

                        missing.TryRemove(write.Key, out _);
                        if (SHA256.HashData(value.Span).AsSpan().SequenceEqual(write.Value))
                        {
                            Interlocked.Increment(ref read);
                        }
                        else
                        {
                            lost.Add(string.Create(CultureInfo.InvariantCulture, $"{write.Key:x32} at {host.Name} has another value than was written"));
                        }
                    }
                    catch (Exception exception) when (exception is GrpcException or AqlException)
                    {
                        // It stays missing, which is what is told; why is in the host's log.
                    }
                }).ConfigureAwait(false);
            }
        }

        return (read, [.. lost, .. missing.Keys.Select(static key => string.Create(CultureInfo.InvariantCulture, $"{key:x32} is at no host"))]);
    }

    private static async Task<ReadOnlyMemory<byte>?> GetAsync(GrpcClient grpc, UInt128 id, CancellationToken cancellationToken)
    {
        var get = new GetQuery { Collection = WriteLoad.Collection, Key = new Key { Data = ByteString.CopyFrom(WriteLoad.KeyOf(id)) } };
        var request = new QueryRequest { Query = new Query { Get = get }, Version = AqlProtocol.CreateVersion() };
        QueryResponse response = await new AqlClient(grpc).ExecuteQueryAsync(request, new GrpcCallOptions { Timeout = Limit }, cancellationToken).ConfigureAwait(false);
        return response.Error is { } error ? throw new AqlException(error) : response.Result?.Single?.Value?.Data.Memory;
    }
}
