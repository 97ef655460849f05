namespace Net.Http3;

/// <summary>Makes the handler for HTTP/2 and HTTP/1.1 that trusts and shows what HTTP/3 does.</summary>
internal static class FallbackHandler
{
    /// <summary>Makes a handler.</summary>
    /// <param name="options">The options of the HTTP/3 handler.</param>
    internal static SocketsHttpHandler Create(Http3HandlerOptions options)
    {
        return new SocketsHttpHandler
        {
            SslOptions = TlsOverTcp.MakeOptions(options.Tls, serverName: null, options.TimeProvider),
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            MaxConnectionsPerServer = int.MaxValue,
            PooledConnectionIdleTimeout = options.PooledConnectionIdleTimeout,
            PooledConnectionLifetime = options.PooledConnectionLifetime,
            ActivityHeadersPropagator = options.ActivityHeadersPropagator,
        };
    }
}
