using System.Net.Security;

namespace Net.Http3;

/// <summary>HTTP/2 over TLS on TCP as a channel speaks it, by the platform's own client. Identity and trust are those of HTTP/3. Its sessions are <see cref="HttpSession"/>.</summary>
public sealed class Http2Protocol : ChannelProtocol
{
    private readonly Http2SessionOptions _options;

    /// <summary>Makes the protocol.</summary>
    /// <param name="options">Limits of each connection; <c>null</c>: the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Http2Protocol(Http2SessionOptions? options = null)
    {
        _options = options ?? Http2SessionOptions.Default;
        _options.Validate();
    }

    /// <inheritdoc/>
    public override string Name => "h2";

    /// <inheritdoc/>
    public override string Transport => "tcp";

    /// <inheritdoc/>
    public override async ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        TlsOverTcp tls = await DialAsync(context, cancellationToken).ConfigureAwait(false);
        return new Http2Session(tls, context, _options);
    }

    internal static ValueTask<TlsOverTcp> DialAsync(ChannelConnectContext context, CancellationToken cancellationToken) => TlsOverTcp.ConnectAsync(
        new ConnectOptions
        {
            RemoteEndPoint = context.EndPoint.Address.ToEndPoint(),
            ServerName = context.EndPoint.EffectiveServerName,
            ApplicationProtocols = ["h2"],
            Tls = context.Tls,
            HandshakeTimeout = context.ConnectTimeout,
        },
        SslApplicationProtocol.Http2,
        context.TimeProvider,
        cancellationToken);
}
