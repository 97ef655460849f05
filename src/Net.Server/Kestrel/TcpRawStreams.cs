using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Net.Server.Kestrel;

/// <summary>Takes the connections out of Kestrel's TCP ports whose client agreed on <c>net/1</c>, and gives their streams to the same routes as those over QUIC.</summary>
internal sealed class TcpRawStreams(RawStreamRoutes routes, NetTransportOptions options, TimeProvider timeProvider, ILogger logger)
{
    private static readonly SslApplicationProtocol RawStreams = new(RawStreamProtocol.ApplicationProtocol);

    private readonly InFlight _connections = new();

    /// <summary>What a port offers: the versions of HTTP that it serves, and raw streams when there are routes.</summary>
    internal List<SslApplicationProtocol> Offer(HttpProtocols protocols)
    {
        List<SslApplicationProtocol> offered = [];
        if (protocols.HasFlag(HttpProtocols.Http2))
        {
            offered.Add(SslApplicationProtocol.Http2);
        }

        if (protocols.HasFlag(HttpProtocols.Http1))
        {
            offered.Add(SslApplicationProtocol.Http11);
        }

        if (FindHandler() is not null)
        {
            offered.Add(RawStreams);
        }

        return offered;
    }

    /// <summary>Serves a connection of raw streams; hands every other on.</summary>
    internal Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        bool isOurs = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual(RawStreams.Protocol.Span) == true;
        return isOurs && FindHandler() is { } handler ? ServeAsync(connection, handler) : next(connection);
    }

    private IConnectionHandler? FindHandler() => routes.Freeze(timeProvider, logger).GetValueOrDefault(RawStreamProtocol.ApplicationProtocol);

    private async Task ServeAsync(ConnectionContext context, IConnectionHandler handler)
    {
        TcpConnection connection = TcpConnection.Start(KestrelTcpLink.From(context), MakeOptions(), isServer: true, TimeSpan.Zero);
        bool hasEntered = _connections.TryEnter(options.MaxConnections);
        try
        {
            ServerLog.ConnectionAccepted(logger, connection.Id, connection.RemoteEndPoint, connection.ApplicationProtocol);
            if (hasEntered)
            {
                await ServeAsync(connection, handler, context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                ServerLog.ConnectionRefused(logger, connection.RemoteEndPoint, options.MaxConnections);
                await connection.CloseAsync(handler.OverloadedErrorCode, "The server has as many connections as it takes.").ConfigureAwait(false);
            }
        }
        finally
        {
            if (hasEntered)
            {
                _connections.Exit();
            }

            await connection.DisposeAsync().ConfigureAwait(false);

            // Kestrel frees the connection when this returns.
            await connection.Finished.ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(TcpConnection connection, IConnectionHandler handler, CancellationToken draining)
    {
        using var aborting = new CancellationTokenSource();
        using CancellationTokenRegistration registration = draining.UnsafeRegister(
            static state => ((Action)state!)(), (Action)(() =>
            {
                // Without a time of its own the host's holds: Kestrel cuts what is left then.
                if (options.DrainTimeout is TimeSpan patience && patience != Timeout.InfiniteTimeSpan)
                {
                    aborting.CancelAfter(patience);
                }
            }));
        await handler.ServeAsync(connection, draining, aborting.Token).ConfigureAwait(false);
        if (connection.Closed.IsCompletedSuccessfully)
        {
            ServerLog.ConnectionEnded(logger, connection.Id, await connection.Closed.ConfigureAwait(false));
        }
    }

    private TcpConnectionOptions MakeOptions() => new()
    {
        ApplicationProtocol = RawStreamProtocol.ApplicationProtocol,
        Limits = options.Limits,
        IdleTimeout = options.IdleTimeout,
        KeepAliveInterval = options.KeepAliveInterval,
        DefaultStreamErrorCode = RawStreamErrorCodes.Cancelled,
        DefaultCloseErrorCode = RawStreamErrorCodes.NoError,
        TimeProvider = timeProvider,
    };
}
