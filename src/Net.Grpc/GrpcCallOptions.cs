using System.Net.Http;

namespace Net.Grpc;

/// <summary>How one call is made.</summary>
public sealed record GrpcCallOptions
{
    /// <summary>Nothing said: the client's options hold.</summary>
    public static GrpcCallOptions Default { get; } = new();

    /// <summary>
    /// When the call must be done, by this side's clock. The server is told how much time is left. Past it the call ends with DEADLINE_EXCEEDED, and one that begins past it is not sent. Default
    /// <c>null</c>.
    /// </summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Time that the call may take from its start. With a <see cref="Deadline"/> beside it, the earlier one holds. Default <c>null</c>: <see cref="GrpcClientOptions.DefaultTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Metadata to send. Default <c>null</c>: none.</summary>
    public GrpcMetadata? Headers { get; init; }

    /// <summary>How this call's requests are compressed. Default <c>null</c>: <see cref="GrpcClientOptions.Encoding"/>.</summary>
    public GrpcEncoding? Encoding { get; init; }

    /// <summary>How the one request of a unary or server-streaming method is sent.</summary>
    public GrpcWriteOptions WriteOptions { get; init; }

    /// <summary>What happens when this call is made twice, where the caller knows better than the .proto file. Default <c>null</c>: <see cref="GrpcMethod.Idempotency"/>.</summary>
    public Idempotency? Idempotency { get; init; }

    /// <summary>What the request carries for the handlers below, as a channel's that balances: entries of <see cref="HttpRequestMessage.Options"/>. Default: none. See <see cref="With{T}"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> RequestOptions { get; init; } = [];

    /// <summary>These options, and one entry more in <see cref="RequestOptions"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="key">Its key, as a handler below documents it: <c>ChannelRequestOptions.Trace</c>, for one.</param>
    /// <param name="value">Its value; an earlier one of the same key no longer counts.</param>
    /// <returns>New options.</returns>
    public GrpcCallOptions With<T>(HttpRequestOptionsKey<T> key, T value) => this with { RequestOptions = [.. RequestOptions, new(key.Key, value)] };
}
