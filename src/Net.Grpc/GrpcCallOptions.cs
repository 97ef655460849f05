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
    /// <remarks>Give every call a deadline, and pass the caller's on: nothing else ends the work of all servers behind one that has become pointless.</remarks>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Time that the call may take from its start. With a <see cref="Deadline"/> beside it, the earlier one holds. Default <c>null</c>: <see cref="GrpcClientOptions.DefaultTimeout"/>.</summary>
    /// <remarks>Range above 0. For calls that begin here; within a handler prefer the <see cref="Deadline"/> that came with the call. Streams that live by design leave it out.</remarks>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Metadata to send. Default <c>null</c>: none.</summary>
    /// <remarks>For tokens and what routes; keep it small, as it travels with each call and servers limit it.</remarks>
    public GrpcMetadata? Headers { get; init; }

    /// <summary>How this call's requests are compressed. Default <c>null</c>: <see cref="GrpcClientOptions.Encoding"/>.</summary>
    /// <remarks>Compress large texts over slow networks; not what is compressed or encrypted already, and nothing that mixes secrets with what an attacker chooses.</remarks>
    public GrpcEncoding? Encoding { get; init; }

    /// <summary>How the one request of a unary or server-streaming method is sent.</summary>
    /// <remarks>Default: nothing special. Choose it per message where one is known not to compress.</remarks>
    public GrpcWriteOptions WriteOptions { get; init; }

    /// <summary>What happens when this call is made twice, where the caller knows better than the .proto file. Default <c>null</c>: <see cref="GrpcMethod.Idempotency"/>.</summary>
    /// <remarks>Better said once in the .proto file, where every client sees it. Saying too much lets work be done twice.</remarks>
    public Idempotency? Idempotency { get; init; }

    /// <summary>What the request carries for the handlers below, as a channel's that balances: entries of <see cref="HttpRequestMessage.Options"/>. Default: none. See <see cref="With{T}"/>.</summary>
    /// <remarks>For the channel's own words, such as affinity or a trace that explains the choice.</remarks>
    public IReadOnlyList<KeyValuePair<string, object?>> RequestOptions { get; init; } = [];

    /// <summary>These options, and one entry more in <see cref="RequestOptions"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="key">Its key, as a handler below documents it: <c>ChannelRequestOptions.Trace</c>, for one.</param>
    /// <param name="value">Its value; an earlier one of the same key no longer counts.</param>
    /// <returns>New options.</returns>
    public GrpcCallOptions With<T>(HttpRequestOptionsKey<T> key, T value) => this with { RequestOptions = [.. RequestOptions, new(key.Key, value)] };
}
