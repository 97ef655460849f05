using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Net.Http3.Interop;

namespace Net.Http3;

/// <summary>An HTTP/3 session: requests over one connection of any engine (RFC 9114). Thread-safe.</summary>
/// <remarks>
/// It owns the connection: it opens the control and QPACK streams, reads the server's, and closes the connection when it is disposed, when the server breaks the protocol, or when it is
/// draining and the last request has ended. A request counts from <see cref="SendAsync"/> until its response was read to the end or disposed and its content was sent.
/// It retries nothing: <see cref="Http3Exceptions.IsSafeToRetry"/> tells whether a failed request may be sent again on another connection.
/// </remarks>
public sealed partial class Http3Connection : IAsyncDisposable
{
    /// <summary>The application protocol to connect with (ALPN).</summary>
    public const string ApplicationProtocol = "h3";

    private readonly Lock _lock = new();
    private readonly HashSet<Http3Exchange> _exchanges = [];
    private readonly QpackEncoder _encoder;
    private readonly TaskCompletionSource _loopsEnded;
    private readonly CancellationTokenSource _drained = new();
    private HeaderFieldBuffer? _spareFields;
    private PeerSettings _peerSettings = PeerSettings.Initial;
    private Http3ProtocolException? _failure;
    private EventHandler? _draining;
    private long _goAwayId = long.MaxValue;
    private int _opening;
    private int _loops;
    private bool _isDraining;
    private bool _isClosed;
    private bool _closeBegun;
    private Task _close = Task.CompletedTask;
    private int _disposed;

    private Http3Connection(TransportConnection connection, Http3ConnectionOptions options)
    {
        Connection = connection;
        Options = options;
        Logger = options.LoggerFactory.CreateLogger<Http3Connection>();
        _loopsEnded = new TaskCompletionSource(options.Continuations.WaiterOptions);
        _encoder = new QpackEncoder(options.QpackEncoderTableCapacity, bytes => WriteCritical(_encoderStream, bytes));
        Decoder = new QpackDecoder(options.QpackDecoderTableCapacity, options.QpackBlockedStreams, bytes => WriteCritical(_decoderStream, bytes), options.Continuations);
    }

    /// <summary>Whether HTTP/3 can run on this machine, and what to install when it cannot.</summary>
    public static EngineSupport Support => Nghttp3Library.Support;

    /// <summary>The connection, for its addresses, certificates and statistics. The session owns it: do not open or accept streams on it.</summary>
    public TransportConnection Connection { get; }

    /// <summary>The limits in force.</summary>
    public Http3ConnectionOptions Options { get; }

    /// <summary>How many requests are in flight, those included that wait for a stream.</summary>
    public int ActiveRequests
    {
        get
        {
            lock (_lock)
            {
                return _exchanges.Count + _opening;
            }
        }
    }

    /// <summary>How many more requests can begin now without waiting, those counted that wait already; 0 when draining. See <see cref="TransportConnection.AvailableBidirectionalStreams"/> for engines that are not told of the first credit.</summary>
    public int AvailableRequests
    {
        get
        {
            int available = Connection.AvailableBidirectionalStreams;
            lock (_lock)
            {
                return _isDraining ? 0 : Math.Max(0, available - _opening);
            }
        }
    }

    /// <summary>Whether new requests are refused: the server sent GOAWAY, <see cref="Drain"/> was called, or the connection is ending.</summary>
    public bool IsDraining
    {
        get
        {
            lock (_lock)
            {
                return _isDraining;
            }
        }
    }

    /// <summary>Completes with the reason when the connection is over. Never fails.</summary>
    public Task<ConnectionClose> Closed => Connection.Closed;

    /// <summary>Raised once when new requests are refused from now on, see <see cref="IsDraining"/>. Handlers run on the thread pool or the caller's thread and must not block.</summary>
    public event EventHandler? Draining
    {
        add
        {
            lock (_lock)
            {
                _draining += value;
            }
        }

        remove
        {
            lock (_lock)
            {
                _draining -= value;
            }
        }
    }

    internal ILogger Logger { get; }

    internal QpackDecoder Decoder { get; }

    /// <summary>How the server broke the protocol, once it did.</summary>
    internal Http3ProtocolException? Failure => Volatile.Read(ref _failure);

    /// <summary>What the server's SETTINGS said; the initial values until they have come.</summary>
    internal PeerSettings PeerSettings => Volatile.Read(ref _peerSettings);

    /// <summary>Begins HTTP/3 on a connection whose application protocol is <see cref="ApplicationProtocol"/>.</summary>
    /// <param name="connection">The connection; the session owns it from here on, also when this fails.</param>
    /// <param name="options">Limits, or <c>null</c> for the defaults.</param>
    /// <param name="cancellationToken">Gives up; the connection is then closed.</param>
    /// <returns>The session. It can be used before the server's SETTINGS have come.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or the connection is a server's.</exception>
    /// <exception cref="TransportException">The connection ended, the server allows no unidirectional streams, or nghttp3 is missing (<see cref="TransportError.EngineMissing"/>).</exception>
    public static async ValueTask<Http3Connection> StartAsync(
        TransportConnection connection, Http3ConnectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        options ??= Http3ConnectionOptions.Default;
        Http3Connection session;
        try
        {
            options.Validate();
            Nghttp3Library.ThrowIfMissing();
            if (connection.IsServer)
            {
                throw new ArgumentException("The connection is a server's; this is HTTP/3's client.", nameof(connection));
            }

            session = new Http3Connection(connection, options);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        try
        {
            await session.OpenCriticalStreamsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            session._loopsEnded.SetResult();
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        session.StartLoops();
        Http3Log.ConnectionStarted(session.Logger, connection.Id, connection.ServerName);
        return session;
    }

    /// <summary>Sends a request and returns when the response's headers are there. Its content is read from the stream as it is asked for.</summary>
    /// <param name="request">The request; its URI is absolute. Any host may be named: the caller has chosen the connection.</param>
    /// <param name="cancellationToken">Cancels the request until the response is returned, and its content as long as that is being sent; the stream is then reset with H3_REQUEST_CANCELLED.</param>
    /// <returns>The response; disposing it before its end cancels what is left. Trailers are there when the content was read to its end.</returns>
    /// <exception cref="HttpRequestException">It failed; inner exceptions hold an <see cref="HttpProtocolException"/> with the HTTP/3 code, if there is one, and a <see cref="TransportException"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => SendObservedAsync(request, null, cancellationToken).AsTask();

    /// <summary>Sends a request, and tells when it is over: see <see cref="HttpCallObserver"/>. To be awaited once.</summary>
    internal ValueTask<HttpResponseMessage> SendObservedAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RequestUri is not { IsAbsoluteUri: true })
        {
            throw new InvalidOperationException("The request's URI must be absolute.");
        }

        if (request.Method == HttpMethod.Connect)
        {
            throw new NotSupportedException("CONNECT over HTTP/3 is not supported.");
        }

        ValueTask<Http3Exchange> opening = OpenExchangeAsync(request, observer, cancellationToken);
        return opening.IsCompletedSuccessfully ? opening.Result.SendAsync(cancellationToken) : SendWhenOpenAsync(opening, cancellationToken);
    }

    /// <summary>Sends a QUIC PING and waits for the answer.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The time it took.</returns>
    /// <exception cref="TransportException">The connection ended first.</exception>
    /// <exception cref="NotSupportedException">The engine lacks <see cref="EngineCapabilities.Ping"/>.</exception>
    public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => Connection.PingAsync(cancellationToken);

    /// <summary>What is known of the path now. Cheap, never blocks.</summary>
    /// <returns>The figures.</returns>
    public PathStatistics GetPathStatistics() => Connection.GetPathStatistics();

    /// <summary>Refuses new requests from now on, and closes the connection when the last one in flight has ended. May be called twice.</summary>
    public void Drain() => BeginDraining();

    /// <summary>Closes the connection at once with a reason, which requests in flight fail with. It still has to be disposed.</summary>
    internal Task AbortAsync(string reason)
    {
        BeginDraining();
        BeginClose((long)Http3ErrorCode.NoError, reason);
        return _close;
    }

    /// <summary>Closes the connection at once with H3_NO_ERROR; requests in flight fail. May be called twice.</summary>
    /// <returns>A task that is over when all is given back.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            BeginDraining();
            BeginClose((long)Http3ErrorCode.NoError, "");
        }

        await _close.ConfigureAwait(false);
        await Connection.DisposeAsync().ConfigureAwait(false);
        await _loopsEnded.Task.ConfigureAwait(false);
        Connection.Draining -= OnTransportDraining;
        _encoder.Dispose();
        Decoder.Dispose();
        _drained.Dispose();
    }

    /// <summary>Writes a request's HEADERS frame into its stream's pipe, without flushing.</summary>
    /// <exception cref="HttpRequestException">The server takes no header section of this size.</exception>
    internal void WriteHeaders(TransportStream stream, HttpRequestMessage request)
    {
        HeaderFieldBuffer fields = Interlocked.Exchange(ref _spareFields, null) ?? new HeaderFieldBuffer();
        RequestHeaders.Write(fields, request, Options.RequestHeaderEncodingSelector);
        WriteFields(stream, fields);
    }

    /// <summary>Writes a request's trailers into its stream's pipe, without flushing.</summary>
    /// <exception cref="HttpRequestException">A trailer cannot be sent.</exception>
    internal void WriteTrailers(TransportStream stream, IEnumerable<KeyValuePair<string, string>> trailers)
    {
        HeaderFieldBuffer fields = Interlocked.Exchange(ref _spareFields, null) ?? new HeaderFieldBuffer();
        RequestHeaders.WriteTrailers(fields, trailers);
        if (fields.Count > 0)
        {
            WriteFields(stream, fields);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<HttpResponseMessage> SendWhenOpenAsync(ValueTask<Http3Exchange> opening, CancellationToken cancellationToken)
    {
        Http3Exchange exchange = await opening.ConfigureAwait(false);
        return await exchange.SendAsync(cancellationToken).ConfigureAwait(false);
    }

    private void WriteFields(TransportStream stream, HeaderFieldBuffer fields)
    {
        long limit = PeerSettings.MaxFieldSectionSize;
        if (fields.SectionSize > limit)
        {
            throw new HttpRequestException(
                HttpRequestError.ConfigurationLimitExceeded, $"The request's headers count for {fields.SectionSize} bytes; the server takes at most {limit} (SETTINGS_MAX_FIELD_SECTION_SIZE).");
        }

        _encoder.WriteHeaders(stream.Id, fields, stream.Output);
        _spareFields = fields;
    }
}
