using System.Collections.Concurrent;
using System.Net.Http;
using System.Reflection;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Grpc;

/// <summary>Calls gRPC services at one address over any HTTP handler that speaks HTTP/2 or HTTP/3. Its members may be called from many threads at once.</summary>
/// <example>
/// <code>
/// using var client = new GrpcClient(new Uri("https://localhost:443"), new SocketsHttpHandler());
/// EchoResponse response = await client.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "hello" });
/// </code>
/// </example>
public sealed class GrpcClient : IDisposable
{
    internal static readonly string UserAgent = $"grpc-net/{typeof(GrpcClient).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    private readonly HttpMessageInvoker _invoker;
    private readonly bool _disposesInvoker;
    private readonly ConcurrentDictionary<GrpcMethod, Uri> _uris = [];

    /// <summary>Makes a client.</summary>
    /// <param name="address">Scheme, host and port of the server; <c>https://host:port</c>, or <c>http</c> for HTTP/2 without TLS.</param>
    /// <param name="handler">Sends the requests. The client disposes it.</param>
    /// <param name="options">How it calls; <c>null</c>: the defaults.</param>
    /// <exception cref="ArgumentException">The address is no such address, or the options are faulty; the message lists every fault.</exception>
    public GrpcClient(Uri address, HttpMessageHandler handler, GrpcClientOptions? options = null)
        : this(address, new HttpMessageInvoker(handler), options) => _disposesInvoker = true;

    /// <summary>Makes a client.</summary>
    /// <param name="address">Scheme, host and port of the server.</param>
    /// <param name="invoker">Sends the requests; an HttpClient serves too. The caller disposes it, after this client's last call.</param>
    /// <param name="options">How it calls; <c>null</c>: the defaults.</param>
    /// <exception cref="ArgumentException">The address is no such address, or the options are faulty; the message lists every fault.</exception>
    public GrpcClient(Uri address, HttpMessageInvoker invoker, GrpcClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(invoker);
        if (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http") || address.PathAndQuery != "/" || address.UserInfo.Length > 0)
        {
            throw new ArgumentException($"'{address}' must hold https (or http), a host and perhaps a port, but no user, path or query.", nameof(address));
        }

        Options = options ?? new GrpcClientOptions();
        Options.Validate();
        Address = address;
        _invoker = invoker;
        Logger = Options.LoggerFactory?.CreateLogger(GrpcDiagnostics.SourceName) ?? NullLogger.Instance;
    }

    /// <summary>
    /// Where a request carries what happens when it is sent twice, for the handlers below: retry, hedging and 0-RTT rest on it. Not set: <see cref="Idempotency.NonIdempotent"/>. The key is the one that
    /// Net.Http3 reads. Whether the content can be written again it says itself, as an <see cref="IReplayableContent"/>.
    /// </summary>
    public static HttpRequestOptionsKey<Idempotency> IdempotencyKey { get; } = new("Net.Http3.Idempotency");

    /// <summary>The server's address.</summary>
    public Uri Address { get; }

    /// <summary>How it calls.</summary>
    public GrpcClientOptions Options { get; }

    internal ILogger Logger { get; }

    /// <summary>Calls a method with one request and one response.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="request">The request. It must not change until the call is over.</param>
    /// <param name="options">How the call is made; <c>null</c>: the client's options alone.</param>
    /// <param name="cancellationToken">Cancels the call: its stream is reset, and the server's handler is told.</param>
    /// <returns>The response.</returns>
    /// <exception cref="GrpcException">The call ended with another status than OK; its deadline passed, for one.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<TResponse> UnaryAsync<TRequest, TResponse>(
        GrpcUnaryMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions? options = null, CancellationToken cancellationToken = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        (await CallAsync(method, request, options, needsMetadata: false, cancellationToken).ConfigureAwait(false)).Message;

    /// <summary>Calls a method with one request and one response, and gives the server's metadata beside it.</summary>
    /// <inheritdoc cref="UnaryAsync"/>
    public ValueTask<GrpcUnaryResponse<TResponse>> UnaryWithMetadataAsync<TRequest, TResponse>(
        GrpcUnaryMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions? options = null, CancellationToken cancellationToken = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => CallAsync(method, request, options, needsMetadata: true, cancellationToken);

    /// <summary>Starts a call with one request and a stream of responses. What fails is told by its reads.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The responses.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="request">The request. It must not change until the first response is there.</param>
    /// <param name="options">How the call is made; <c>null</c>: the client's options alone.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The call; dispose it.</returns>
    public GrpcServerStreamingCall<TResponse> ServerStreaming<TRequest, TResponse>(
        GrpcServerStreamingMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions? options = null, CancellationToken cancellationToken = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(request);
        Func<TRequest, GrpcClientContext, GrpcServerStreamingCall<TResponse>> start = (r, c) => new ClientCall<TRequest, TResponse>(this, method, c, ContentOf(r, c));
        for (int i = Options.Interceptors.Count - 1; i >= 0; i--)
        {
            (GrpcClientInterceptor interceptor, Func<TRequest, GrpcClientContext, GrpcServerStreamingCall<TResponse>> next) = (Options.Interceptors[i], start);
            start = (r, c) => interceptor.ServerStreaming(r, c, next);
        }

        return start(request, new GrpcClientContext(method, options ?? GrpcCallOptions.Default, cancellationToken));
    }

    /// <summary>Starts a call with a stream of requests and one response. What fails is told by its operations.</summary>
    /// <typeparam name="TRequest">The requests.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="options">How the call is made; <c>null</c>: the client's options alone.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The call; dispose it.</returns>
    public GrpcClientStreamingCall<TRequest, TResponse> ClientStreaming<TRequest, TResponse>(
        GrpcClientStreamingMethod<TRequest, TResponse> method, GrpcCallOptions? options = null, CancellationToken cancellationToken = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(method, StartDuplex(method, options, cancellationToken));

    /// <summary>Starts a call with streams both ways. What fails is told by its operations.</summary>
    /// <typeparam name="TRequest">The requests.</typeparam>
    /// <typeparam name="TResponse">The responses.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="options">How the call is made; <c>null</c>: the client's options alone.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The call; dispose it.</returns>
    public GrpcDuplexCall<TRequest, TResponse> Duplex<TRequest, TResponse>(
        GrpcDuplexMethod<TRequest, TResponse> method, GrpcCallOptions? options = null, CancellationToken cancellationToken = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => StartDuplex(method, options, cancellationToken);

    /// <summary>Disposes the handler, when the client was made with one; calls that run then fail.</summary>
    public void Dispose()
    {
        if (_disposesInvoker)
        {
            _invoker.Dispose();
        }
    }

    internal Uri UriOf(GrpcMethod method) => _uris.GetOrAdd(method, static (m, address) => new Uri(address, m.Path), Address);

    // An HttpClient would otherwise hold the response back until it is complete.
    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker is HttpClient client
        ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
        : _invoker.SendAsync(request, cancellationToken);

    private UnaryRequestContent ContentOf(IMessage request, GrpcClientContext context)
    {
        if (Options.MaxSendMessageSize is int limit && request.CalculateSize() is int size && size > limit)
        {
            throw MessageFraming.TooLarge("to send", size, limit);
        }

        return new UnaryRequestContent(request, context.Options.WriteOptions.NoCompression ? GrpcEncoding.Identity : context.Options.Encoding ?? Options.Encoding);
    }

    private ValueTask<GrpcUnaryResponse<TResponse>> CallAsync<TRequest, TResponse>(
        GrpcUnaryMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions? options, bool needsMetadata, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(request);
        var context = new GrpcClientContext(method, options ?? GrpcCallOptions.Default, cancellationToken);
        if (Options.Interceptors.Count == 0)
        {
            return CallOnceAsync(method, request, context, needsMetadata);
        }

        Func<TRequest, GrpcClientContext, ValueTask<GrpcUnaryResponse<TResponse>>> call = (r, c) => CallOnceAsync(method, r, c, needsMetadata: true);
        for (int i = Options.Interceptors.Count - 1; i >= 0; i--)
        {
            (GrpcClientInterceptor interceptor, Func<TRequest, GrpcClientContext, ValueTask<GrpcUnaryResponse<TResponse>>> next) = (Options.Interceptors[i], call);
            call = (r, c) => interceptor.UnaryAsync(r, c, next);
        }

        return call(request, context);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<GrpcUnaryResponse<TResponse>> CallOnceAsync<TRequest, TResponse>(
        GrpcUnaryMethod<TRequest, TResponse> method, TRequest request, GrpcClientContext context, bool needsMetadata)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        using var exchange = new ClientExchange(this, context, ContentOf(request, context));
        await exchange.ReceiveAsync().ConfigureAwait(false);
        try
        {
            TResponse? message = null;
            GrpcStatus? status = exchange.Status;
            bool wasCompressed = false;
            if (status is null)
            {
                var source = new MessageSource<TResponse>(exchange.Body!, method.ResponseParser, Options.MaxReceiveMessageSize) { Encoding = exchange.ResponseEncoding };
                message = await source.ReadAsync(exchange.Token).ConfigureAwait(false);
                wasCompressed = source.WasCompressed;
                if (message is not null && await source.ReadAsync(exchange.Token).ConfigureAwait(false) is not null)
                {
                    throw ClientCardinality.ManyResponses(method);
                }

                status = exchange.TakeTrailers();
            }

            if (!status.IsOk)
            {
                throw new GrpcException(status) { Trailers = exchange.Trailers };
            }

            return new GrpcUnaryResponse<TResponse>(
                message ?? throw ClientCardinality.NoResponse(method),
                needsMetadata ? exchange.Headers : GrpcMetadata.Empty,
                exchange.Trailers,
                wasCompressed);
        }
#pragma warning disable CA1031 // Whatever the transport throws is translated and thrown on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw exchange.Fail(exception);
        }
    }

    private GrpcDuplexCall<TRequest, TResponse> StartDuplex<TRequest, TResponse>(
        GrpcTypedMethod<TRequest, TResponse> method, GrpcCallOptions? options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ArgumentNullException.ThrowIfNull(method);
        Func<GrpcClientContext, GrpcDuplexCall<TRequest, TResponse>> start = c => new ClientCall<TRequest, TResponse>(this, method, c, new StreamingRequestContent(Options.Continuations));
        for (int i = Options.Interceptors.Count - 1; i >= 0; i--)
        {
            (GrpcClientInterceptor interceptor, Func<GrpcClientContext, GrpcDuplexCall<TRequest, TResponse>> next) = (Options.Interceptors[i], start);
            start = c => interceptor.Duplex(c, next);
        }

        return start(new GrpcClientContext(method, options ?? GrpcCallOptions.Default, cancellationToken));
    }
}
