using Microsoft.Extensions.Logging;

namespace Net.Grpc;

/// <summary>How services are served.</summary>
public sealed record GrpcServerOptions
{
    /// <summary>
    /// Bytes that a message from a client may have, compressed and inflated. Larger ones end the call with RESOURCE_EXHAUSTED before memory is spent. Default 4 MiB; range 0 to 2^31-1; <c>null</c>:
    /// 2^31-1.
    /// </summary>
    /// <remarks>The largest message that is meant to come, and some: it bounds what a client can make each call hold.</remarks>
    public int? MaxReceiveMessageSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes that a message to a client may have, before compression. Larger ones end the call with RESOURCE_EXHAUSTED. Default <c>null</c>: 2^31-1, as the client has a limit of its own; range 0 to 2^31-1.</summary>
    /// <remarks>Set it to what clients take, so that a handler's mistake is found here and not there.</remarks>
    public int? MaxSendMessageSize { get; init; }

    /// <summary>How responses are compressed when the client accepts it; a handler can choose otherwise. Default <see cref="GrpcEncoding.Identity"/>.</summary>
    /// <remarks>Leave it, unless the network is slower than the processor.</remarks>
    public GrpcEncoding ResponseEncoding { get; init; }

    /// <summary>Whether a client is told the type and message of an exception that a handler did not foresee. Default <c>false</c>: it gets UNKNOWN and a fixed text, and the log gets the exception.</summary>
    /// <remarks>For development alone, as such messages may hold secrets.</remarks>
    public bool EnableDetailedErrors { get; init; }

    /// <summary>What stands around every call, the outermost first. Default none.</summary>
    /// <remarks>For authentication, logs and metrics of one's own; the outermost sees every call, also those that others refuse.</remarks>
    public IReadOnlyList<GrpcServerInterceptor> Interceptors { get; init; } = [];

    /// <summary>The clock of deadlines and durations. Default <see cref="TimeProvider.System"/>.</summary>
    /// <remarks>For tests.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where logs go. Default <c>null</c>: in ASP.NET Core to the application's logger, else nowhere.</summary>
    /// <remarks>Leave it in ASP.NET Core; elsewhere give one, as it alone tells what a handler did not foresee.</remarks>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Where those go on who wait inside a call. Default: the thread pool.</summary>
    internal Continuations Continuations { get; init; } = Continuations.OnThreadPool;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(GrpcServerOptions));
        faults.Range(nameof(MaxReceiveMessageSize), MaxReceiveMessageSize ?? 0, 0, int.MaxValue);
        faults.Range(nameof(MaxSendMessageSize), MaxSendMessageSize ?? 0, 0, int.MaxValue);
        if (!Enum.IsDefined(ResponseEncoding))
        {
            faults.Add(nameof(ResponseEncoding), $"is {(int)ResponseEncoding}, which is no encoding.");
        }

        if (Interceptors is null || Interceptors.Contains(null!))
        {
            faults.Add(nameof(Interceptors), "must be a list without null.");
        }

        if (TimeProvider is null)
        {
            faults.Add(nameof(TimeProvider), "must not be null.");
        }

        faults.ThrowIfAny();
    }
}
