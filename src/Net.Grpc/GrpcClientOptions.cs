using System.Net.Http;
using Microsoft.Extensions.Logging;

namespace Net.Grpc;

/// <summary>How a client calls.</summary>
public sealed record GrpcClientOptions
{
    /// <summary>Bytes that a message from the server may have, compressed and inflated. Larger ones end the call with RESOURCE_EXHAUSTED before memory is spent. Default 4 MiB; range 0 to 2^31-1; <c>null</c>: 2^31-1.</summary>
    public int? MaxReceiveMessageSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes that a message to the server may have, before compression. Larger ones end the call with RESOURCE_EXHAUSTED. Default <c>null</c>: 2^31-1, as the server has a limit of its own.</summary>
    public int? MaxSendMessageSize { get; init; }

    /// <summary>Time that each call may take that names neither deadline nor timeout. Default <c>null</c>: no limit.</summary>
    public TimeSpan? DefaultTimeout { get; init; }

    /// <summary>How requests are compressed unless a call says otherwise. Default <see cref="GrpcEncoding.Identity"/>. A server that does not know the encoding answers UNIMPLEMENTED.</summary>
    public GrpcEncoding Encoding { get; init; }

    /// <summary>HTTP version that is asked for. Default 2.0.</summary>
    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version20;

    /// <summary>Which other versions will do. Default <see cref="HttpVersionPolicy.RequestVersionOrHigher"/>: a handler that has HTTP/3 takes it.</summary>
    public HttpVersionPolicy HttpVersionPolicy { get; init; } = HttpVersionPolicy.RequestVersionOrHigher;

    /// <summary>What stands around every call, the outermost first. Default none.</summary>
    public IReadOnlyList<GrpcClientInterceptor> Interceptors { get; init; } = [];

    /// <summary>The clock of deadlines and durations. Default <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where logs go. Default <c>null</c>: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

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
