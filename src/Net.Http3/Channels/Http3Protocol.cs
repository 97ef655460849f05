namespace Net.Http3;

/// <summary>HTTP/3 as a channel speaks it, with HTTP/2 over TLS on TCP to stand in where UDP is blocked. Its sessions are <see cref="HttpSession"/>.</summary>
public sealed class Http3Protocol : ChannelProtocol
{
    private readonly Http3ConnectionOptions _options;

    /// <summary>Makes the protocol.</summary>
    /// <param name="options">Limits of each connection; <c>null</c>: the defaults. The clock is the channel's.</param>
    /// <param name="fallback">What stands in over TCP; <c>null</c>: nothing does.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Http3Protocol(Http3ConnectionOptions? options = null, Http2Protocol? fallback = null)
    {
        _options = options ?? Http3ConnectionOptions.Default;
        _options.Validate();
        Fallback = fallback;
    }

    /// <inheritdoc/>
    public override string Name => Http3Connection.ApplicationProtocol;

    /// <inheritdoc/>
    public override ChannelProtocol? Fallback { get; }

    /// <inheritdoc/>
    public override async ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken) =>
        new Http3Session(await OpenAsync(context, _options, cancellationToken).ConfigureAwait(false));

    /// <summary>Connects and begins HTTP/3.</summary>
    internal static async ValueTask<Http3Connection> OpenAsync(ChannelConnectContext context, Http3ConnectionOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        TransportEngine engine = context.Engine
            ?? throw new TransportException(TransportError.EngineMissing, "HTTP/3 needs a QUIC engine, and the channel has none; give it one, or use HTTP/2 alone (FallbackPolicy.Only).");
        TransportConnection connection = await engine.ConnectAsync(
            new ConnectOptions
            {
                RemoteEndPoint = context.EndPoint.Address.ToEndPoint(),
                ServerName = context.EndPoint.EffectiveServerName,
                ApplicationProtocols = [Http3Connection.ApplicationProtocol],
                Tls = context.Tls,
                Limits = context.Limits with { MaxInboundBidirectionalStreams = 0 },
                HandshakeTimeout = context.ConnectTimeout,
                IdleTimeout = context.IdleTimeout,
                KeepAliveInterval = context.KeepAliveInterval,
                AllowEarlyData = context.AllowEarlyData,
                DefaultStreamErrorCode = (long)Http3ErrorCode.RequestCancelled,
                DefaultCloseErrorCode = (long)Http3ErrorCode.NoError,
            },
            cancellationToken).ConfigureAwait(false);
        return await Http3Connection.StartAsync(connection, options with { TimeProvider = context.TimeProvider }, cancellationToken).ConfigureAwait(false);
    }
}
