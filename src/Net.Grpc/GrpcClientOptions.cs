using System.Net.Http;
using Microsoft.Extensions.Logging;

namespace Net.Grpc;

/// <summary>How a client calls.</summary>
public sealed record GrpcClientOptions
{
    /// <summary>
    /// Bytes that a message from the server may have, compressed and inflated. Larger ones end the call with RESOURCE_EXHAUSTED before memory is spent. Default 4 MiB; range 0 to 2^31-1; <c>null</c>:
    /// 2^31-1.
    /// </summary>
    /// <remarks>The largest message that is meant to come, and some: it bounds what a server can make each call hold. Stream what is larger.</remarks>
    public int? MaxReceiveMessageSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes that a message to the server may have, before compression. Larger ones end the call with RESOURCE_EXHAUSTED. Default <c>null</c>: 2^31-1, as the server has a limit of its own; range 0 to 2^31-1.</summary>
    /// <remarks>Set it to what the servers take, so that a mistake is found before it is sent.</remarks>
    public int? MaxSendMessageSize { get; init; }

    /// <summary>Time that each call may take that names neither deadline nor timeout. Default <c>null</c>: no limit.</summary>
    /// <remarks>
    /// Range above 0. Set it for clients of short calls: a forgotten deadline is the usual reason for calls that hang. Leave it out where methods stream for long, or give those a timeout of their own.
    /// </remarks>
    public TimeSpan? DefaultTimeout { get; init; }

    /// <summary>How requests are compressed unless a call says otherwise. Default <see cref="GrpcEncoding.Identity"/>. A server that does not know the encoding answers UNIMPLEMENTED.</summary>
    /// <remarks>Leave it, unless the network is slower than the processor; choose it per call for large texts.</remarks>
    public GrpcEncoding Encoding { get; init; }

    /// <summary>HTTP version that is asked for. Default 2.0.</summary>
    /// <remarks>Leave it: with the default policy a handler that has HTTP/3 takes that. Exact versions are for tests.</remarks>
    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version20;

    /// <summary>Which other versions will do. Default <see cref="HttpVersionPolicy.RequestVersionOrHigher"/>: a handler that has HTTP/3 takes it.</summary>
    /// <remarks>Leave it, unless another version must not be used.</remarks>
    public HttpVersionPolicy HttpVersionPolicy { get; init; } = HttpVersionPolicy.RequestVersionOrHigher;

    /// <summary>What stands around every call, the outermost first. Default none.</summary>
    /// <remarks>For tokens, logs and metrics of one's own; one that sends a call again goes past budget and idempotency, which belong to the channel.</remarks>
    public IReadOnlyList<GrpcClientInterceptor> Interceptors { get; init; } = [];

    /// <summary>The clock of deadlines and durations. Default <see cref="TimeProvider.System"/>.</summary>
    /// <remarks>For tests.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where logs go. Default <c>null</c>: nowhere.</summary>
    /// <remarks>Give one where calls are to be followed; failures reach their callers all the same.</remarks>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Where those go on who wait inside a call. Default: the thread pool.</summary>
    internal Continuations Continuations { get; init; } = Continuations.OnThreadPool;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(GrpcClientOptions));
        faults.Range(nameof(MaxReceiveMessageSize), MaxReceiveMessageSize ?? 0, 0, int.MaxValue);
        faults.Range(nameof(MaxSendMessageSize), MaxSendMessageSize ?? 0, 0, int.MaxValue);
        faults.Range(nameof(DefaultTimeout), DefaultTimeout ?? TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), TimeSpan.MaxValue);
        if (!Enum.IsDefined(Encoding))
        {
            faults.Add(nameof(Encoding), $"is {(int)Encoding}, which is no encoding.");
        }

        if (HttpVersion is null || HttpVersion.Major < 2)
        {
            faults.Add(nameof(HttpVersion), $"is {HttpVersion}; gRPC needs 2.0 or 3.0.");
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
