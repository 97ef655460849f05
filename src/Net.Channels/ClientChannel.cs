using Microsoft.Extensions.Logging;
using Net.Client;
using Net.Grpc;
using Net.Http3;

namespace Net.Channels;

/// <summary>What a client holds: one pool of connections to a set of end points, with faces for HTTP, gRPC and raw streams. Made by <see cref="NetChannelBuilder"/>. Thread-safe.</summary>
/// <remarks>
/// <para>All faces share the pool: its end points, their health, breakers and load figures, and the budget of retries. A call counts from the choice of its end point to its END: that of the
/// response's content, or of the stream.</para>
/// <para>Make one for each service and keep it as long as the program calls; dispose it last.</para>
/// </remarks>
public sealed class ClientChannel : IAsyncDisposable, IDisposable
{
    private readonly TransportEngine? _ownedEngine;
    private readonly RawStreamCallHandler _streams;
    private readonly RawStreamExchangeHandler _exchanges;
    private readonly Lazy<Http3Protocol> _http3;
    private readonly ILogger _logger;
    private readonly Uri _authority;
    private readonly Lock _lock = new();
    private Task? _disposal;

    internal ClientChannel(ChannelParts parts)
    {
        Pool = parts.Pool;
        Runner = parts.Runner;
        Policies = parts.Policies;
        HttpProtocol = parts.Http;
        Http2Protocol = parts.Http2;
        MissingEngineReason = parts.MissingEngineReason;
        _http3 = new Lazy<Http3Protocol>(() => new Http3Protocol(parts.Http3Options));
        StreamProtocol = parts.Streams;
        _streams = new RawStreamCallHandler(parts.Pool.TimeProvider);
        _exchanges = new RawStreamExchangeHandler(_streams);
        _ownedEngine = parts.OwnedEngine;
        _logger = parts.Logger;
        _authority = parts.Authority;
    }

    /// <summary>The longest opening of <see cref="CallStreamAsync(string, ReadOnlyMemory{byte}, bool, RawStreamOptions?, CancellationToken)"/>, bytes: 65,536, which a server takes in before it has to be read from, so that neither side waits for the other.</summary>
    public const int MaxStreamOpening = 64 << 10;

    /// <summary>The pool beneath: end points that come and go, breakers, health. The channel owns it.</summary>
    public NetChannel Pool { get; }

    /// <summary>Its name, for logs, traces and snapshots.</summary>
    public string Name => Pool.Options.Name;

    /// <summary>Why calls go over TCP alone although QUIC was not forbidden: no engine runs here. <c>null</c> when one does, or when TCP alone was asked for.</summary>
    public string? MissingEngineReason { get; }

    /// <summary>Raised when something happened: end points, connections, verdicts, breakers, transports. See <see cref="NetChannel.Changed"/>.</summary>
    public event EventHandler<ChannelEventArgs>? Changed
    {
        add => Pool.Changed += value;
        remove => Pool.Changed -= value;
    }

    internal CallRunner Runner { get; }

    internal CallPolicies Policies { get; }

    internal ChannelProtocol HttpProtocol { get; }

    internal ChannelProtocol Http2Protocol { get; }

    internal ChannelProtocol StreamProtocol { get; }

    internal ChannelProtocol Http3Protocol => _http3.Value;

    /// <summary>Makes a handler for <see cref="HttpClient"/>, or for <c>GrpcChannelOptions.HttpHandler</c>. Any number may be made; disposing one changes nothing.</summary>
    /// <remarks>
    /// The channel chooses the version: HTTP/3, or HTTP/2 where UDP is blocked, whatever version the request names; one that insists (<see cref="HttpVersionPolicy.RequestVersionExact"/>) on 3.0 or 2.0
    /// gets that. The host in the URI is what the server is told; where the request goes is the channel's to choose. No cookies, redirects, decompression or proxy.
    /// Say what may be retried with <see cref="ChannelRequestOptions"/>, or for gRPC with the overload that takes a <see cref="MethodIdempotency"/>.
    /// </remarks>
    /// <returns>The handler.</returns>
    public HttpMessageHandler CreateHttpHandler() => new ChannelHttpHandler(this, null);

    /// <summary>Makes a handler that knows which gRPC methods may be executed more than once, for a client that does not tell: <c>GrpcChannelOptions.HttpHandler</c> of Grpc.Net.Client.</summary>
    /// <remarks>
    /// Calls are known by the path of their URI. What <see cref="ChannelRequestOptions.Idempotency"/> of a request says goes before. The message of an idempotent call that does not stream its requests is
    /// serialized before the first attempt and kept until the call ends, so that each attempt can send it. A client's own retries or hedging (its service configuration) are to be off: the channel does
    /// not know of them, and attempts would multiply.
    /// </remarks>
    /// <param name="methods">What the .proto files say.</param>
    /// <returns>The handler; as with the other, disposing it changes nothing.</returns>
    public HttpMessageHandler CreateHttpHandler(MethodIdempotency methods)
    {
        ArgumentNullException.ThrowIfNull(methods);
        return new ChannelHttpHandler(this, methods);
    }

    /// <summary>Makes a client of HTTP whose base address is the channel's authority.</summary>
    /// <returns>The client; disposing it does not dispose the channel.</returns>
    public HttpClient CreateHttpClient() => new(CreateHttpHandler()) { BaseAddress = _authority };

    /// <summary>Makes a client for gRPC. The <c>idempotency_level</c> of each method decides over retry, hedging and 0-RTT.</summary>
    /// <param name="options">How it calls; <c>null</c>: the defaults. HTTP version and policy are the channel's to choose.</param>
    /// <returns>The client; disposing it does not dispose the channel.</returns>
    /// <exception cref="ArgumentException">The options are faulty; the message lists every fault.</exception>
    public GrpcClient CreateGrpcClient(GrpcClientOptions? options = null) => new(_authority, CreateHttpHandler(), options);

    /// <summary>Opens a raw stream to a handler at one of the end points. The lease of its connection ends with its disposal.</summary>
    /// <remarks>
    /// Opening is tried elsewhere when it fails, as nothing is sent until the first write or read; what the handler then makes of the stream is for the caller to repeat. Streams are never hedged,
    /// whatever the policy says: two at a time would be two handlers at work.
    /// </remarks>
    /// <param name="route">The name of the handler: 1 to 255 bytes of UTF-8 without control characters.</param>
    /// <param name="options">Deadline, idempotency, metadata; <c>null</c>: the defaults. The deadline covers the wait for a connection, too.</param>
    /// <param name="cancellationToken">Belongs to the whole life of the stream: stops waiting, and aborts the open stream.</param>
    /// <returns>The stream; the caller owns and disposes it.</returns>
    /// <exception cref="ArgumentException">The route or the options are out of range.</exception>
    /// <exception cref="TransportException">No connection could be had, for the reasons that <see cref="LeaseSource.RentAsync"/> lists, or the deadline passed.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public ValueTask<RawStream> OpenStreamAsync(string route, RawStreamOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenStreamAsync(route, options, affinityHash: null, trace: null, cancellationToken);

    /// <summary>Opens a raw stream, with a say in where to, or an ear for how.</summary>
    /// <param name="route">The name of the handler.</param>
    /// <param name="options">Deadline, idempotency, metadata; <c>null</c>: the defaults.</param>
    /// <param name="affinityHash">A hash of what keeps streams together; <c>null</c>: none.</param>
    /// <param name="trace">Collects how the choice came about; <c>null</c>: nobody asks.</param>
    /// <param name="cancellationToken">Belongs to the whole life of the stream.</param>
    /// <returns>The stream; the caller owns and disposes it.</returns>
    /// <inheritdoc cref="OpenStreamAsync(string, RawStreamOptions?, CancellationToken)" path="/exception"/>
    public ValueTask<RawStream> OpenStreamAsync(string route, RawStreamOptions? options, ulong? affinityHash, CallTrace? trace, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(route);
        options ??= RawStreamOptions.Default;
        options.Validate();
        return Runner.RunAsync(Plan(route, options, affinityHash, trace), new RawStreamCall(route, options, cancellationToken), _streams, cancellationToken);
    }

    /// <summary>Opens a raw stream, sends its opening and waits for the first answer; where no answer comes, the same opening may be sent on another stream, best to another end point.</summary>
    /// <remarks>
    /// <para>What may be sent again is decided as for gRPC calls, with the same policy, budget and deadline: what the server refused before a handler ran (<see cref="RawStreamErrorCodes.Overloaded"/>,
    /// <see cref="RawStreamErrorCodes.GoingAway"/>, a connection that takes no more streams), whatever the stream is; a failure of the handler or a lost connection, only when
    /// <see cref="RawStreamOptions.Idempotency"/> allows it. Once the first byte of an answer, or its end, has come, the stream is the caller's, and what fails then is the caller's to repeat.</para>
    /// </remarks>
    /// <param name="route">The name of the handler: 1 to 255 bytes of UTF-8 without control characters.</param>
    /// <param name="opening">What is sent first: 0 to <see cref="MaxStreamOpening"/> bytes. It may be read until the task is over; do not change it meanwhile. What follows it is the caller's to write.</param>
    /// <param name="endsOutput">Whether the opening is all that is sent: the server sees the end behind it. <c>false</c>: the caller writes on and completes the output. A handler that answers only a complete request needs <c>true</c>.</param>
    /// <param name="options">Deadline, idempotency, metadata; <c>null</c>: the defaults, with which only what was refused is sent again. The deadline covers all attempts and the stream's whole life.</param>
    /// <param name="cancellationToken">Belongs to the whole life of the stream: stops waiting, and aborts the open stream.</param>
    /// <returns>The stream, whose first read has the answer; the caller owns and disposes it.</returns>
    /// <exception cref="ArgumentException">The route, the opening or the options are out of range.</exception>
    /// <exception cref="TransportException">The last attempt's failure: no connection could be had, the server refused or failed, or the deadline passed.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public ValueTask<RawStream> CallStreamAsync(
        string route, ReadOnlyMemory<byte> opening, bool endsOutput, RawStreamOptions? options = null, CancellationToken cancellationToken = default) =>
        CallStreamAsync(route, opening, endsOutput, options, affinityHash: null, trace: null, cancellationToken);

    /// <summary>As the other, with a say in where to, or an ear for how.</summary>
    /// <param name="route">The name of the handler.</param>
    /// <param name="opening">What is sent first.</param>
    /// <param name="endsOutput">Whether the opening is all that is sent.</param>
    /// <param name="options">Deadline, idempotency, metadata; <c>null</c>: the defaults.</param>
    /// <param name="affinityHash">A hash of what keeps streams together; <c>null</c>: none.</param>
    /// <param name="trace">Collects how the choice came about, for each attempt; <c>null</c>: nobody asks.</param>
    /// <param name="cancellationToken">Belongs to the whole life of the stream.</param>
    /// <returns>The stream, whose first read has the answer; the caller owns and disposes it.</returns>
    /// <inheritdoc cref="CallStreamAsync(string, ReadOnlyMemory{byte}, bool, RawStreamOptions?, CancellationToken)" path="/exception"/>
    public ValueTask<RawStream> CallStreamAsync(
        string route, ReadOnlyMemory<byte> opening, bool endsOutput, RawStreamOptions? options, ulong? affinityHash, CallTrace? trace, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(route);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(opening.Length, MaxStreamOpening, nameof(opening));
        options ??= RawStreamOptions.Default;
        options.Validate();
        var exchange = new RawStreamExchange(new RawStreamCall(route, options, cancellationToken), opening, endsOutput);
        return Runner.RunAsync(Plan(route, options, affinityHash, trace), exchange, _exchanges, cancellationToken);
    }

    private CallPlan Plan(string route, RawStreamOptions options, ulong? affinityHash, CallTrace? trace)
    {
        CallPolicy policy = Policies.Find(route);
        return new CallPlan(StreamProtocol, route)
        {
            Idempotency = options.Idempotency,

            // Two streams at a time would be two handlers at work; a caller who wants that opens two.
            Policy = policy.Hedging is null ? policy : policy with { Hedging = null },
            Timeout = options.Deadline,
            AffinityHash = affinityHash,
            Trace = trace,
        };
    }

    /// <summary>Connects ahead of the first call: waits until connections for HTTP and gRPC are ready at enough end points.</summary>
    /// <param name="endPoints">How many end points. Default 1; at least 1.</param>
    /// <param name="cancellationToken">Stops waiting; connecting goes on.</param>
    /// <returns>A task.</returns>
    public Task WarmUpAsync(int endPoints = 1, CancellationToken cancellationToken = default) => Pool.WarmUpAsync(HttpProtocol, endPoints, cancellationToken);

    /// <summary>Connects ahead of the first raw stream: waits until connections for raw streams are ready at enough end points.</summary>
    /// <param name="endPoints">How many end points. Default 1; at least 1.</param>
    /// <param name="cancellationToken">Stops waiting; connecting goes on.</param>
    /// <returns>A task.</returns>
    public Task WarmUpStreamsAsync(int endPoints = 1, CancellationToken cancellationToken = default) => Pool.WarmUpAsync(StreamProtocol, endPoints, cancellationToken);

    /// <summary>What the channel is now: end points, connections, verdicts, breakers, round-trip times, calls in flight, waiters.</summary>
    /// <returns>The snapshot.</returns>
    public ChannelSnapshot GetSnapshot() => Pool.GetSnapshot();

    /// <summary>Begins no more calls, waits for those that run, and closes the connections. Dispose the channel afterwards.</summary>
    /// <param name="timeout">How long calls may take; what is left then is cut.</param>
    /// <param name="cancellationToken">Cuts what is left at once.</param>
    /// <returns>Whether no call was cut.</returns>
    public Task<bool> DrainAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => Pool.DrainAsync(timeout, cancellationToken);

    /// <summary>Closes all connections at once; calls in flight fail. May be called twice.</summary>
    /// <returns>A task that is over when all is given back, the engine included when the channel chose it.</returns>
    public ValueTask DisposeAsync() => new(BeginDisposal());

    /// <summary>Begins what <see cref="DisposeAsync"/> does without waiting for it; prefer that.</summary>
    public void Dispose() => _ = BeginDisposal();

    private Task BeginDisposal()
    {
        lock (_lock)
        {
            return _disposal ??= Task.Run(DisposeCoreAsync);
        }
    }

    private async Task DisposeCoreAsync()
    {
        try
        {
            await Pool.DisposeAsync().ConfigureAwait(false);
            if (_ownedEngine is not null)
            {
                await _ownedEngine.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            // Who disposed without waiting would never hear of it.
            ChannelLog.DisposalFailed(_logger, Name, exception);
            throw;
        }
    }
}
