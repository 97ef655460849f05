using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Net.Grpc;

/// <summary>One call as its handler and the interceptors see it. Valid until the handler has returned.</summary>
public sealed class GrpcServerContext
{
    private readonly GrpcServerCall _call;
    private readonly GrpcServerExchange _exchange;
    private GrpcMetadata? _requestHeaders;
    private GrpcMetadata? _responseHeaders;
    private GrpcMetadata? _responseTrailers;
    private Dictionary<object, object?>? _items;
    private GrpcEncoding _responseEncoding;

    internal GrpcServerContext(GrpcServerCall call, GrpcServerExchange exchange, GrpcMethod method)
    {
        _call = call;
        _exchange = exchange;
        Method = method;
    }

    /// <summary>The method that is called.</summary>
    public GrpcMethod Method { get; }

    /// <summary>The client's metadata. It takes nothing more.</summary>
    public GrpcMetadata RequestHeaders
    {
        get
        {
            if (_requestHeaders is null)
            {
                _requestHeaders = new GrpcMetadata();
                _exchange.CopyRequestHeaders(_requestHeaders);
                _requestHeaders.AsReadOnly();
            }

            return _requestHeaders;
        }
    }

    /// <summary>When the client gives up, by this side's clock; <c>null</c> when it waits for ever. Once it has passed, the client has been answered DEADLINE_EXCEEDED and nothing more is sent.</summary>
    public DateTimeOffset? Deadline { get; internal set; }

    /// <summary>The time that is left until <see cref="Deadline"/>, never negative; <see cref="Timeout.InfiniteTimeSpan"/> without a deadline. For calls that this one makes.</summary>
    public TimeSpan TimeLeft
    {
        get
        {
            if (Deadline is not DateTimeOffset deadline)
            {
                return Timeout.InfiniteTimeSpan;
            }

            TimeSpan left = deadline - _call.TimeProvider.GetUtcNow();
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Cancelled when the client cancels or is gone, when the deadline passes, and when a stream outlives its caller's credential. Reads and writes of the call's messages end with it by themselves.</summary>
    public CancellationToken CancellationToken { get; internal set; }

    /// <summary>The client's address in gRPC's form: <c>ipv4:192.0.2.1:50000</c> or <c>ipv6:[2001:db8::1]:50000</c>.</summary>
    public string Peer => _exchange.PeerAddress.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"ipv6:[{_exchange.PeerAddress}]:{_exchange.PeerPort}")
        : string.Create(CultureInfo.InvariantCulture, $"ipv4:{_exchange.PeerAddress}:{_exchange.PeerPort}");

    /// <summary>The name that the client calls the server by, with its port; <c>null</c> when it did not say.</summary>
    public string? Authority => _exchange.Authority;

    /// <summary>The client's certificate, which the connection keeps and disposes; <c>null</c> when it showed none.</summary>
    public X509Certificate2? ClientCertificate => _exchange.ClientCertificate;

    /// <summary>The application's services for this call; <c>null</c> where the server has none.</summary>
    public IServiceProvider? Services => _exchange.Services;

    /// <summary>The server's own object for the request: in ASP.NET Core its HttpContext.</summary>
    public object? Host => _exchange.Host;

    /// <summary>Anything that interceptors and handler want to tell each other, such as who calls.</summary>
    public IDictionary<object, object?> Items => _items ??= [];

    /// <summary>Metadata that is sent before the first message. Takes nothing more once it was sent.</summary>
    public GrpcMetadata ResponseHeaders => _responseHeaders ??= new GrpcMetadata();

    /// <summary>Metadata that is sent with the status.</summary>
    public GrpcMetadata ResponseTrailers => _responseTrailers ??= new GrpcMetadata();

    /// <summary>
    /// How the responses are compressed. Begins as <see cref="GrpcServerOptions.ResponseEncoding"/>. Where the client does not accept what is set here, identity is used (gRPC compression, "Compression Method Asymmetry").
    /// </summary>
    /// <exception cref="InvalidOperationException">The headers have been sent, which name the encoding.</exception>
    public GrpcEncoding ResponseEncoding
    {
        get => _responseEncoding;
        set
        {
            if (_call.AreHeadersSent)
            {
                throw new InvalidOperationException("The response's headers have been sent, and they name the encoding; set it before the first message.");
            }

            _responseEncoding = value;
        }
    }

    /// <summary>How the one response of a unary or client-streaming method is sent.</summary>
    public GrpcWriteOptions ResponseWriteOptions { get; set; }

    /// <summary>Whether the one request of a unary or server-streaming method was compressed on the wire.</summary>
    public bool WasRequestCompressed { get; internal set; }

    internal GrpcMetadata? ResponseHeadersIfAny => _responseHeaders;

    internal GrpcMetadata? ResponseTrailersIfAny => _responseTrailers;

    /// <summary>Lets <see cref="Cut"/> cancel what the handler waits for. Called before the handler.</summary>
    internal void AllowCut() => _call.AllowCut();

    /// <summary>Ends the call with a status while the handler runs, whose token is then cancelled. Only the first end counts.</summary>
    internal void Cut(GrpcException reason) => _call.Cut(reason);

    /// <summary>Sends the response's headers now, before there is a message. Does nothing when they have been sent.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Completes when they are sent.</returns>
    public ValueTask SendHeadersAsync(CancellationToken cancellationToken = default) => _call.SendHeadersAsync(cancellationToken);
}
