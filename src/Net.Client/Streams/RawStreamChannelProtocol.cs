namespace Net.Client;

/// <summary>Raw streams (<c>net/1</c>) as a channel speaks them: over QUIC, with the same streams over TLS on TCP to stand in where UDP is blocked. Its sessions are <see cref="RawStreamSession"/>.</summary>
public sealed class RawStreamChannelProtocol : ChannelProtocol
{
    private readonly RawStreamLimits _limits;
    private readonly bool _isTcp;

    /// <summary>Makes the protocol over QUIC, with its fallback.</summary>
    /// <param name="limits">How large headers may be, as the server would refuse larger ones; <c>null</c>: the defaults of the protocol.</param>
    /// <exception cref="ArgumentException">The limits are out of range.</exception>
    public RawStreamChannelProtocol(RawStreamLimits? limits = null)
        : this(limits ?? RawStreamLimits.Default, isTcp: false)
    {
        _limits.Validate();
        Fallback = new RawStreamChannelProtocol(_limits, isTcp: true);
    }

    private RawStreamChannelProtocol(RawStreamLimits limits, bool isTcp)
    {
        _limits = limits;
        _isTcp = isTcp;
    }

    /// <inheritdoc/>
    public override string Name => _isTcp ? "net/1+tls" : RawStreamProtocol.ApplicationProtocol;

    /// <inheritdoc/>
    public override string Transport => _isTcp ? "tcp" : "quic";

    /// <inheritdoc/>
    public override ChannelProtocol? Fallback { get; }

    /// <inheritdoc/>
    public override async ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        TransportEngine engine = _isTcp
            ? new TcpEngine(context.TimeProvider)
            : context.Engine ?? throw new TransportException(
                TransportError.EngineMissing, "Raw streams over QUIC need an engine, and the channel has none; give it one, or use TCP alone (FallbackPolicy.Only).");
        TransportConnection connection = await engine.ConnectAsync(
            new ConnectOptions
            {
                RemoteEndPoint = context.EndPoint.Address.ToEndPoint(),
                ServerName = context.EndPoint.EffectiveServerName,
                ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
                Tls = context.Tls,

                // What stands in over TCP goes without what only QUIC has.
                Limits = context.Limits with { MaxInboundBidirectionalStreams = 0, MaxInboundUnidirectionalStreams = 0, MaxDatagramSize = _isTcp ? 0 : context.Limits.MaxDatagramSize },
                HandshakeTimeout = context.ConnectTimeout,
                IdleTimeout = context.IdleTimeout,
                KeepAliveInterval = context.KeepAliveInterval,
                AllowEarlyData = context.AllowEarlyData && !_isTcp,
                DefaultStreamErrorCode = RawStreamErrorCodes.Cancelled,
                DefaultCloseErrorCode = RawStreamErrorCodes.NoError,
            },
            cancellationToken).ConfigureAwait(false);
        return new RawStreamSession(connection, Name, _limits, context.TimeProvider);
    }
}
