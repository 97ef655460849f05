using Net.Grpc.Messages;
using ServingStatus = Net.Grpc.Messages.HealthCheckResponse.Types.ServingStatus;

namespace Net.Grpc;

/// <summary>Serves <c>grpc.health.v1.Health</c>: Check and Watch tell what the application sets here. Its members may be called from many threads at once.</summary>
/// <remarks>
/// The server as a whole has the empty name and begins as SERVING. A watcher holds no queue: one that reads slowly misses states in between, never the last one.
/// </remarks>
public sealed class GrpcHealthService
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ServingStatus> _statuses = new() { [""] = ServingStatus.Serving };
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isShutDown;

    /// <summary>The service's methods, for the server to map.</summary>
    public static GrpcServiceDefinition<GrpcHealthService> Definition { get; } = GrpcServiceDefinition.Create<GrpcHealthService>(GrpcHealthMethods.Contract, methods => methods
        .Unary(GrpcHealthMethods.Check, static (health, request, _) => health.CheckAsync(request))
        .ServerStreaming(GrpcHealthMethods.Watch, static (health, request, responses, context) => health.WatchAsync(request, responses, context)));

    /// <summary>Sets the state of a service. Watchers of it are told.</summary>
    /// <param name="service">Full name of the service; empty for the server as a whole.</param>
    /// <param name="isServing">Whether it is ready.</param>
    /// <remarks>After <see cref="ShutDown"/> it changes nothing.</remarks>
    public void Set(string service, bool isServing)
    {
        ArgumentNullException.ThrowIfNull(service);
        Change(statuses => statuses[service] = isServing ? ServingStatus.Serving : ServingStatus.NotServing);
    }

    /// <summary>Forgets a service: Check then answers NOT_FOUND, and Watch SERVICE_UNKNOWN.</summary>
    /// <param name="service">Full name of the service.</param>
    public void Remove(string service)
    {
        ArgumentNullException.ThrowIfNull(service);
        Change(statuses => statuses.Remove(service));
    }

    /// <summary>
    /// Says NOT_SERVING for everything, for good, and ends the watchers' streams with UNAVAILABLE once they have been told, so that they do not hold up the server's end. For the start of a shutdown.
    /// </summary>
    public void ShutDown() => Change(statuses =>
    {
        foreach (string service in statuses.Keys)
        {
            statuses[service] = ServingStatus.NotServing;
        }

        _isShutDown = true;
    });

    private ValueTask<HealthCheckResponse> CheckAsync(HealthCheckRequest request)
    {
        lock (_gate)
        {
            return _statuses.TryGetValue(request.Service, out ServingStatus status)
                ? ValueTask.FromResult(new HealthCheckResponse { Status = status })
                : throw new GrpcException(GrpcStatusCode.NotFound, "There is no such service.");
        }
    }

    private async ValueTask WatchAsync(HealthCheckRequest request, GrpcMessageWriter<HealthCheckResponse> responses, GrpcServerContext context)
    {
        ServingStatus? told = null;
        while (true)
        {
            ServingStatus status;
            Task changed;
            bool isLast;
            lock (_gate)
            {
                status = _statuses.GetValueOrDefault(request.Service, ServingStatus.ServiceUnknown);
                changed = _changed.Task;
                isLast = _isShutDown;
            }

            if (status != told)
            {
                await responses.WriteAsync(new HealthCheckResponse { Status = status }).ConfigureAwait(false);
                told = status;
            }

            if (isLast)
            {
                throw new GrpcException(GrpcStatusCode.Unavailable, "The server is shutting down.");
            }

            await changed.WaitAsync(context.CancellationToken).ConfigureAwait(false);
        }
    }

    private void Change(Action<Dictionary<string, ServingStatus>> change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_isShutDown)
            {
                return;
            }

            change(_statuses);
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
