using System.Globalization;
using Net.Chaos.Running.Loads;
using Net.Grpc;
using Net.Http3;
using Net.Protocol.Echo;

namespace Net.Chaos.Simulation.Http;

/// <summary>The service of simulated hosts: it notes each call that it executes, and sends back what came.</summary>
internal sealed class SimulatedEcho(SimulationWorld world, SimulatedServer server, Http3HostExchange exchange)
{
    private static readonly Dictionary<string, GrpcServerMethod<SimulatedEcho>> Methods = GrpcServiceDefinition.Create<SimulatedEcho>(
        GrpcContract.From(EchoReflection.Descriptor, "EchoService"),
        static methods => methods
            .Unary(UnaryLoad.Echo, static (service, request, context) => service.EchoAsync(request, context))
            .Duplex(UnaryLoad.EchoStream, static (service, requests, responses, context) => service.EchoStreamAsync(requests, responses, context)))
        .ServerMethods.ToDictionary(static m => m.Method.Path);

    internal static GrpcServerMethod<SimulatedEcho>? Find(string? path) => path is null ? null : Methods.GetValueOrDefault(path);

    /// <summary>A message of bytes.</summary>
    internal static EchoRequest Pack(ReadOnlySpan<byte> content) => new() { Payload = Convert.ToBase64String(content) };

    private async ValueTask<EchoResponse> EchoAsync(EchoRequest request, GrpcServerContext context)
    {
        byte[] content = Convert.FromBase64String(request.Payload);
        return new EchoResponse { Payload = Convert.ToBase64String(await ExecuteAsync(content, context).ConfigureAwait(false)), RequestTimestamp = request.Timestamp };
    }

    // Each part is sent back as it comes; the call is executed with the last, and its answer follows.
    private async ValueTask EchoStreamAsync(GrpcMessageReader<EchoRequest> requests, GrpcMessageWriter<EchoResponse> responses, GrpcServerContext context)
    {
        var content = new List<byte>();
        while (await requests.ReadAsync().ConfigureAwait(false) is { } request)
        {
            content.AddRange(Convert.FromBase64String(request.Payload));
            await responses.WriteAsync(new EchoResponse { Payload = request.Payload }).ConfigureAwait(false);
        }

        byte[] answer = await ExecuteAsync([.. content], context).ConfigureAwait(false);
        await responses.WriteAsync(new EchoResponse { Payload = Convert.ToBase64String(answer) }).ConfigureAwait(false);
    }

    private async Task<byte[]> ExecuteAsync(byte[] content, GrpcServerContext context)
    {
        if (!exchange.IsAlive || !UInt128.TryParse(context.RequestHeaders.Get(UnaryLoad.IdName), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 id))
        {
            throw new InvalidOperationException("The process is gone, or the call has no id.");
        }

        server.Execute(id, content, exchange.IsEarly);
        bool fails = server.DrawsFailure();
        await world.DelayAsync(server.DrawServiceTime(), context.CancellationToken).ConfigureAwait(false);
        if (!fails)
        {
            return server.Answer(id, content);
        }

        if (world.Random.Next(2) == 0)
        {
            // Without a status: the client cannot know what became of the call.
            exchange.Reset(Http3ErrorCode.InternalError);
        }

        throw new GrpcException(GrpcStatusCode.Unavailable, "The handler fails.");
    }
}
