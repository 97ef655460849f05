using Net.Client;
using Net.Grpc;
using Net.Grpc.Messages;
using Net.Http3;

namespace Net.Channels;

/// <summary>Asks the service itself by <c>grpc.health.v1</c>: Watch where the server offers it, so that a change is known at once, else Check.</summary>
public sealed class GrpcHealthProbe : HealthWatch
{
    private static readonly Uri Authority = new("https://health.invalid");

    private readonly HealthCheckRequest _request;
    private readonly Uri _authority;
    private readonly TimeProvider _timeProvider;

    /// <summary>Makes a probe.</summary>
    /// <param name="service">The full name of the service, such as <c>echo.EchoService</c>; "" (the default): the server as a whole.</param>
    /// <param name="authority">What the server is told that it is called as; <c>null</c>: a name that stands for none.</param>
    /// <param name="timeProvider">The clock that measures the round trip; <c>null</c>: the system's.</param>
    public GrpcHealthProbe(string service = "", Uri? authority = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(service);
        _request = new HealthCheckRequest { Service = service };
        _authority = authority ?? Authority;
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public override string Name => "grpc.health.v1";

    /// <inheritdoc/>
    public override HealthAspect Aspect => HealthAspect.Service;

    /// <inheritdoc/>
    public override string? Protocol => Http3Connection.ApplicationProtocol;

    /// <inheritdoc/>
    public override async ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken)
    {
        if (session is not HttpSession http)
        {
            return ProbeResult.Inconclusive($"A session of {session?.Protocol} carries no gRPC.");
        }

        long started = _timeProvider.GetTimestamp();
        using var client = new GrpcClient(_authority, new SessionHandler(http));
        try
        {
            HealthCheckResponse response = await client.UnaryAsync(GrpcHealthMethods.Check, _request, cancellationToken: cancellationToken).ConfigureAwait(false);
            return Judge(response.Status, _timeProvider.GetElapsedTime(started));
        }
        catch (GrpcException exception) when (exception.Status.Code == GrpcStatusCode.Unimplemented)
        {
            throw new NotSupportedException("The server offers no grpc.health.v1.Health.", exception);
        }
    }

    /// <inheritdoc/>
    public override async Task WatchAsync(ChannelSession session, Action<ProbeResult> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (session is not HttpSession http)
        {
            throw new NotSupportedException($"A session of {session?.Protocol} carries no gRPC.");
        }

        using var client = new GrpcClient(_authority, new SessionHandler(http));
        GrpcServerStreamingCall<HealthCheckResponse> call = client.ServerStreaming(GrpcHealthMethods.Watch, _request, cancellationToken: cancellationToken);
        await using (call.ConfigureAwait(false))
        {
            try
            {
                while (await call.Responses.ReadAsync(cancellationToken).ConfigureAwait(false) is { } response)
                {
                    report(Judge(response.Status, roundTrip: null));
                }
            }
            catch (GrpcException exception) when (exception.Status.Code == GrpcStatusCode.Unimplemented)
            {
                throw new NotSupportedException("The server offers no Watch of grpc.health.v1.Health.", exception);
            }
        }
    }

    private ProbeResult Judge(HealthCheckResponse.Types.ServingStatus status, TimeSpan? roundTrip) => status switch
    {
        HealthCheckResponse.Types.ServingStatus.Serving => ProbeResult.Pass(roundTrip),
        HealthCheckResponse.Types.ServingStatus.NotServing => ProbeResult.Fail($"The service '{_request.Service}' says NOT_SERVING."),
        _ => ProbeResult.Inconclusive($"The server knows no state of the service '{_request.Service}' ({status})."),
    };

    /// <summary>Sends on one session, whatever the request names.</summary>
    private sealed class SessionHandler(HttpSession session) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => session.SendAsync(request, null, cancellationToken);
    }
}
