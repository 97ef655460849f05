using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Net.Server.Kestrel;

/// <summary>One UDP port for Kestrel. Behind it a <see cref="NetServer"/> accepts; connections of HTTP/3 come out here, those of other protocols are served there.</summary>
internal sealed class TransportConnectionListener(
    NetServer server, Http3ConnectionHandler http3, IPEndPoint endPoint, ListenerScope scope, NetTransportStatus status, TimeSpan drainTimeout) : IMultiplexedConnectionListener
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _patience;
    private Task? _stopping;

    public EndPoint EndPoint => endPoint;

    /// <summary>Never throws: one exception would end Kestrel's accepting for ever.</summary>
    public async ValueTask<MultiplexedConnectionContext?> AcceptAsync(IFeatureCollection? features = null, CancellationToken cancellationToken = default)
    {
        try
        {
            return await http3.Accepted.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is System.Threading.Channels.ChannelClosedException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Takes no new connections. Those that are there go on: Kestrel ends its own, the others have their time from now on.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        http3.Complete();
        lock (_lock)
        {
            if (_stopping is null)
            {
                // The patience is a token's rather than the call's, so that Kestrel's connections, which have a time limit of their own, are not cut by this one.
                _patience = drainTimeout == Timeout.InfiniteTimeSpan
                    ? new CancellationTokenSource()
                    : new CancellationTokenSource(drainTimeout, scope.TimeProvider);
                _stopping = server.StopAsync(Timeout.InfiniteTimeSpan, _patience.Token);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for what still runs, at most as long as it may from <see cref="UnbindAsync"/> on, and frees the port.</summary>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync(CancellationToken.None).ConfigureAwait(false);

        // Kestrel has let go of its connections; those that it never took are nobody's.
        while (http3.Accepted.TryRead(out TransportConnectionContext? context))
        {
            await context.DisposeAsync().ConfigureAwait(false);
        }

        await _stopping!.ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
        status.RemoveEndPoint(endPoint);
        _patience?.Dispose();
        scope.MemoryPool.Dispose();
    }
}
