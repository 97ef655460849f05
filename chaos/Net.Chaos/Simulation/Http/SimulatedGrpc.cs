using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Channels;
using Net.Chaos.Running.Loads;
using Net.Client;
using Net.Grpc;
using Net.Http3;
using Net.Protocol.Echo;

namespace Net.Chaos.Simulation.Http;

/// <summary>A client's calls of gRPC: the library's own client over its own channel, pool and HTTP/3.</summary>
internal sealed class SimulatedGrpc
{
    private const int MaxParts = 4;
    private readonly SimulationParts _parts;
    private readonly GrpcClient _retrying;
    private readonly GrpcClient _hedging;

    internal SimulatedGrpc(SimulationWorld world, NetChannel pool, CallRunner runner, SimulatedHttpProtocol protocol, ChannelProtocol streams, SimulationParts parts, (CallPolicy Retries, CallPolicy Hedges) policies)
    {
        _parts = parts;
        _retrying = Make(world, pool, runner, protocol, streams, policies.Retries);
        _hedging = Make(world, pool, runner, protocol, streams, policies.Hedges);
    }

    /// <summary>Makes a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="plan">How it is made.</param>
    /// <returns>Whether its answer was the right one.</returns>
    /// <exception cref="GrpcException">It failed.</exception>
    /// <exception cref="OperationCanceledException">Its caller gave up.</exception>
    internal async Task<bool> CallAsync(SimulatedCall call, SimulatedCallPlan plan)
    {
        var options = new GrpcCallOptions
        {
            Timeout = plan.Deadline,
            Idempotency = _parts.IdempotencyOf(call.Record.IsIdempotent),
            Headers = new GrpcMetadata { { UnaryLoad.IdName, call.Record.Id.ToString("x32", CultureInfo.InvariantCulture) } },
        };
        options = options.With(SimulatedHttpSession.CallKey, call).With(ChannelRequestOptions.FailFast, plan.FailsFast);
        GrpcClient client = plan.Hedges ? _hedging : _retrying;
        if (plan.IsStream)
        {
            return await StreamAsync(client, call, options).ConfigureAwait(false);
        }

        EchoResponse response = await client.UnaryAsync(UnaryLoad.Echo, SimulatedEcho.Pack(call.Content), options, call.Token).ConfigureAwait(false);
        return response.Payload == Convert.ToBase64String(call.Content);
    }

    // Part by part, each sent back before the next is sent; then the end, and the answer to the whole.
    private static async Task<bool> StreamAsync(GrpcClient client, SimulatedCall call, GrpcCallOptions options)
    {
        GrpcDuplexCall<EchoRequest, EchoResponse> stream = client.Duplex(UnaryLoad.EchoStream, options, call.Token);
        await using (stream.ConfigureAwait(false))
        {
            bool isRight = true;
            int parts = 1 + (call.Content.Length % MaxParts);
            for (int i = 0; i < parts; i++)
            {
                EchoRequest part = SimulatedEcho.Pack(call.Content.AsSpan(call.Content.Length * i / parts, (call.Content.Length * (i + 1) / parts) - (call.Content.Length * i / parts)));
                await stream.Requests.WriteAsync(part).ConfigureAwait(false);
                isRight &= (await stream.Responses.ReadAsync().ConfigureAwait(false))?.Payload == part.Payload;
            }

            await stream.CompleteRequestsAsync().ConfigureAwait(false);
            isRight &= (await stream.Responses.ReadAsync().ConfigureAwait(false))?.Payload == Convert.ToBase64String(call.Content);
            return await stream.Responses.ReadAsync().ConfigureAwait(false) is null && isRight;
        }
    }

    private static GrpcClient Make(SimulationWorld world, NetChannel pool, CallRunner runner, ChannelProtocol protocol, ChannelProtocol streams, CallPolicy policy)
    {
        var authority = new Uri($"https://{SimulatedCluster.ServerName}:{SimulatedCluster.Port}");
        var channel = new ClientChannel(new ChannelParts
        {
            Pool = pool,
            Runner = runner,
            Policies = new CallPolicies(policy),
            Http = protocol,
            Http2 = protocol,
            Http3Options = Http3ConnectionOptions.Default,
            Streams = streams,
            Authority = authority,
            Logger = NullLogger.Instance,
        });
        return new GrpcClient(authority, new Gate(channel.CreateHttpHandler()), new GrpcClientOptions { TimeProvider = world.Clock, Continuations = world.Continuations });
    }

    /// <summary>Notes while a call is the channel's.</summary>
    private sealed class Gate(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.Options.TryGetValue(SimulatedHttpSession.CallKey, out SimulatedCall? call))
            {
                throw new SimulationException("A request belongs to no call.");
            }

            call.IsInChannel = true;
            try
            {
                return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                call.IsInChannel = false;
            }
        }
    }
}
